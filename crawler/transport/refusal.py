"""How a fetch ends when it brings nothing: one exception, and the outcome that every other exception stands for."""

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from crawler.records import Outcome


class Refusal(IgnoreRequest):
    """A fetch that brings nothing. Scrapy drops such a request without a word; the ledger has it."""

    def __init__(self, outcome: Outcome, detail: str, status: int | None = None, *, unreachable: bool = False) -> None:
        super().__init__(detail)
        self.unreachable = unreachable  # no connection was made: it may be the host, and not the URL
        self.outcome = outcome
        self.detail = detail
        self.status = status


_OUTCOMES: tuple[tuple[type[Exception], Outcome], ...] = (
    (DownloadTimeoutError, Outcome.TIMEOUT),
    (ResponseDataLossError, Outcome.INCOMPLETE),
    (CannotResolveHostError, Outcome.CONNECTION_ERROR),
    (DownloadConnectionRefusedError, Outcome.CONNECTION_ERROR),
    (DownloadFailedError, Outcome.CONNECTION_ERROR),
    (UnsupportedURLSchemeError, Outcome.BAD_URL),
    (NotSupported, Outcome.BAD_URL),
    (ValueError, Outcome.BAD_URL),  # Twisted: a host name that cannot be one
    (OSError, Outcome.INCOMPLETE),  # a body that does not decompress
)


def refusal(error: Exception) -> Refusal:
    """The refusal that an exception of Scrapy or Twisted stands for.

    Any other exception is a fault of ours: it counts as a connection error, and says what it was.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        # The download handler cancels for nothing else, and HttpCompressionMiddleware ignores for nothing else.
        return Refusal(Outcome.TOO_LARGE, "the body is larger than crawl.limits.max_bytes")
    outcome = next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), Outcome.CONNECTION_ERROR)
    reasons = getattr(error.__cause__, "reasons", None)  # Twisted's ResponseFailed hides them in a list
    lines = str(reasons[0].value if reasons else error).splitlines() or ["no more is known"]
    unreachable = isinstance(error, (CannotResolveHostError, DownloadConnectionRefusedError))
    return Refusal(outcome, f"{type(error).__name__}: {lines[0]}", unreachable=unreachable)
