"""The exception whose message is meant for the user."""


class UserError(Exception):
    """An error that the user can fix.

    Its message is one line that names the file, key or URL, what was found and what was expected.
    The command line prints it without a traceback and exits with 1; libraries simply raise it.
    """
