"""The result of a recheck: the state of each image, and what was observed."""

from dataclasses import dataclass

from common.described import DescribedEnum


class State(DescribedEnum):
    """The state of an image at a recheck. A closed list, the gravest first: an image has the first that applies."""

    RESERVED = "reserved", "The owner reserves use for machine learning: in a header, a page, robots.txt, tdmrep.json."
    REFUSED = "refused", "robots.txt disallows the URL now, or the server denies access (HTTP 401, 402, 403, 451)."
    LICENSE_CHANGED = "license_changed", "The page or the API states another licence."
    GONE = "gone", "The image or its page is deleted: HTTP 404 or 410, or missing on the wiki."
    UNLISTED = "unlisted", "Its page no longer shows the image, so no licence is stated for it."
    CHANGED = "changed", "Other bytes are at its URL: type, length, ETag, Last-Modified or SHA-1 differ."
    MOVED = "moved", "It has another URL now."
    UNREACHABLE = "unreachable", "No answer, or none that says anything. The image is asked about again next time."
    UNCHANGED = "unchanged", "Everything was answered, and nothing that could be compared differs."


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was observed of an image."""

    state: State
    was: str  # at the crawl; empty if there is no such value
    now: str
    url: str  # that was requested


@dataclass(frozen=True, slots=True)
class Rechecked:
    """An image with everything that was observed of it, the gravest first; nothing if it is unchanged."""

    image_url: str
    observations: tuple[Observation, ...] = ()
    is_license_asked: bool = True  # false if no page on the web states the licence, but the user's own list

    @property
    def state(self) -> State:
        return self.observations[0].state if self.observations else State.UNCHANGED


GRAVITY = {state: rank for rank, state in enumerate(State)}
"""State to its rank; 0 is the gravest."""
