"""What a request without a usable answer says of an image."""

from crawler.archive.fetches import Fetch
from crawler.archive.host_files import PATHS, origin
from crawler.archive.schemas import Outcome, Role
from crawler.recheck.archive import Answers
from crawler.recheck.schemas import Observation, State

_DELETED = (404, 410)
_DENIED = (401, 402, 403, 451)


def failure(answers: Answers, role: Role, url: str) -> Observation | None:
    """Return why a URL has no usable answer; None if it has one."""
    fetch = answers.find(role, url)
    what = "its page: " if role is Role.PAGE else ""
    if fetch is None:
        return Observation(State.UNREACHABLE, "", f"{what}not answered", url)
    if fetch.stored:
        return None
    return Observation(_state(answers, fetch), "", what + fetch.detail, url)


def _state(answers: Answers, fetch: Fetch) -> State:
    if fetch.outcome is Outcome.OPT_OUT:
        return State.RESERVED
    if fetch.outcome is Outcome.ROBOTS:
        rules = answers.find(Role.ROBOTS, origin(fetch.final_url) + PATHS[Role.ROBOTS])
        # A server that fails counts as one that disallows everything (RFC 9309, 2.3.1.4), but only until it answers.
        return State.REFUSED if rules and rules.stored else State.UNREACHABLE
    if fetch.status in _DELETED:
        return State.GONE
    return State.REFUSED if fetch.status in _DENIED else State.UNREACHABLE
