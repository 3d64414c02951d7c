"""The User-Agent header, with a contact address for the operators of the sites that are crawled."""

from importlib.metadata import version

from common.errors import UserError

AGENT = f"facades/{version('facades')}"


def user_agent(source: str, contact: str | None, *, is_local: bool) -> str:
    """Return the User-Agent for `source`.

    Args:
        source: the name of the source, for the error message.
        contact: an e-mail address or a URL, `crawl.contact`.
        is_local: whether the site is this project's own, or on the user's own network.

    Raises:
        UserError: the site is external and `contact` is not set.
    """
    if contact:
        return f"{AGENT} (+{contact})"
    if is_local:
        return AGENT
    raise UserError(
        f"crawl.contact: not set, but source {source} is a real site; "
        "expected an e-mail address or a URL by which its operator can reach you"
    )
