"""Who asks: the User-Agent, with an address at which whoever is asked can reach whoever runs this."""

from importlib.metadata import version

from common.errors import UserError

AGENT = f"facades/{version('facades')}"


def user_agent(source: str, contact: str | None, *, own: bool) -> str:
    """The User-Agent for `source`; `own` where it is nobody else's site.

    Raises:
        UserError: it is somebody's, and there is no contact.
    """
    if contact:
        return f"{AGENT} (+{contact})"
    if own:
        return AGENT
    raise UserError(
        f"crawl.contact: not set, but source {source} is a real site; "
        "expected an e-mail address or a URL by which its operator can reach you"
    )
