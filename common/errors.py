"""The exception whose message is meant for the user, and how it may end."""

import difflib
from collections.abc import Collection


class UserError(Exception):
    """An error that the user can fix.

    Its message is one line that names the file, key or URL, what was found and what was expected.
    The command line prints it without a traceback and exits with 1; libraries simply raise it.
    """


def expected_one_of(known: Collection[str], found: str) -> str:
    """Return the end of a message: `expected one of A, B, C`, and the known word that is most like `found`, if any."""
    near = difflib.get_close_matches(found, known, 1)
    return f"expected one of {', '.join(known)}" + (f"; did you mean {near[0]}?" if near else "")


def on_one_line(message: object) -> str:
    """Return an error, or the output of a program, as text on one line."""
    return " ".join(str(message).split())
