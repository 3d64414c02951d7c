"""Detects hosts that are down, so that a crawl does not wait for each of their URLs in turn."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.transport.refusal import Refusal

FAILURES_BEFORE_PROBE = 10  # consecutive fetches without a response, after which robots.txt is requested as a probe
CONNECTION_FAILURES = 3  # consecutive fetches that failed to connect after all retries: the host is down


@dataclass(slots=True)
class HostHealth:
    """The state of one origin during a crawl."""

    origin: str  # scheme, host and port
    has_answered: bool = False
    is_probing: bool = False  # a probe is in progress
    is_down: bool = False
    failures: list[Refusal] = field(default_factory=list)  # since the last response

    def succeed(self) -> None:
        """Record a response."""
        self.has_answered, self.is_down = True, False
        self.failures.clear()

    def fail(self, failure: Refusal) -> bool:
        """Record a fetch without a response.

        Returns:
            Whether to probe now if the host is up.
        """
        self.failures.append(failure)
        self.is_down |= len(self.failures) >= CONNECTION_FAILURES and all(end.unreachable for end in self.failures)
        return not (self.is_down or self.is_probing) and len(self.failures) >= FAILURES_BEFORE_PROBE

    @property
    def name(self) -> str:
        return urlsplit(self.origin).hostname or self.origin

    @property
    def last_failure(self) -> str:
        return self.failures[-1].detail if self.failures else ""

    @property
    def is_lost(self) -> bool:
        """Whether the host answered at first and is down now."""
        return self.has_answered and self.is_down

    @property
    def message(self) -> str:
        return f"{self.name} no longer answers ({self.last_failure})"
