"""Whether a host is there at all: else a crawl would wait for each of its URLs in turn."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.transport.refusal import Refusal

UNANSWERED = 10  # fetches without an answer, one after the other: time to ask whether anybody is there
UNREACHED = 3  # fetches that found no connection, one after the other, each with all its tries: nobody is


@dataclass(slots=True)
class HostHealth:
    """What one origin did in this run."""

    origin: str  # scheme, host and port
    answered: bool = False
    asking: bool = False  # whether it is there, at this moment
    gone: bool = False
    failures: list[Refusal] = field(default_factory=list)  # since it answered last

    def answers(self) -> None:
        self.answered, self.gone = True, False
        self.failures.clear()

    def fails(self, end: Refusal) -> bool:
        """Note a fetch without an answer; True if now is the time to ask whether anybody is there."""
        self.failures.append(end)
        self.gone |= len(self.failures) >= UNREACHED and all(end.unreachable for end in self.failures)
        return not (self.gone or self.asking) and len(self.failures) >= UNANSWERED

    @property
    def name(self) -> str:
        return urlsplit(self.origin).hostname or self.origin

    @property
    def last(self) -> str:
        return self.failures[-1].detail if self.failures else ""

    @property
    def said(self) -> str:
        """What to say at the end of a host that answered once and does no longer; else empty."""
        return f"{self.name} answers no longer ({self.last})" if self.answered and self.gone else ""
