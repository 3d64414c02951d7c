"""Stops a crawl at once."""

import asyncio


class Halt(KeyboardInterrupt):
    """Leaves the event loop at once. Nothing needs tidying: the archive is whole, and the next crawl resumes it."""


class HostLost(Halt):
    """The end of a crawl in which a host stopped to answer; the other hosts were asked for everything."""


def halt(reason: str) -> None:
    """Stop the crawl as soon as the running callback returns; `reason` is for the user."""

    def leave() -> None:
        raise Halt(reason)

    # asyncio lets a KeyboardInterrupt out of its loop; Twisted, if it were raised here, would swallow it.
    asyncio.get_running_loop().call_soon(leave)
