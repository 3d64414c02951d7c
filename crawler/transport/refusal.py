"""The exception for a fetch that stores nothing, and the outcome for each exception of Scrapy and Twisted."""

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

from crawler.archive.schemas import Outcome


class Refusal(IgnoreRequest):
    """A fetch that stores nothing. Scrapy drops such a request silently; the archive records it."""

    def __init__(self, outcome: Outcome, detail: str, status: int | None = None, *, unreachable: bool = False) -> None:
        super().__init__(detail)
        self.unreachable = unreachable  # there was no connection, so the host may be down
        self.outcome = outcome
        self.detail = detail
        self.status = status


_OUTCOMES: tuple[tuple[type[Exception], Outcome, str], ...] = (
    (DownloadTimeoutError, Outcome.TIMEOUT, "not all of it came in time"),
    (ResponseDataLossError, Outcome.INCOMPLETE, "the connection was closed before the end of the body"),
    (CannotResolveHostError, Outcome.CONNECTION_ERROR, "the host's name does not resolve"),
    (DownloadConnectionRefusedError, Outcome.CONNECTION_ERROR, "the host refuses the connection"),
    (DownloadFailedError, Outcome.CONNECTION_ERROR, "the connection was lost"),
    (UnsupportedURLSchemeError, Outcome.BAD_URL, "not an http or https URL"),
    (NotSupported, Outcome.BAD_URL, "not an http or https URL"),
    (ValueError, Outcome.BAD_URL, "not a URL"),  # Twisted: an invalid host name
    (OSError, Outcome.INCOMPLETE, "the body does not decompress"),
)


def refusal(error: Exception) -> Refusal:
    """Return the refusal for an exception of Scrapy or Twisted.

    Any other exception is a defect of this program: it is recorded as a connection error, with its type.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        # The download handler cancels only for this reason, and HttpCompressionMiddleware ignores only for this reason.
        return Refusal(Outcome.TOO_LARGE, "the body is larger than crawl.limits.max_bytes")
    fault = Outcome.CONNECTION_ERROR, f"an error of this program: {type(error).__name__}"
    outcome, words = next(((end, words) for kind, end, words in _OUTCOMES if isinstance(error, kind)), fault)
    reasons = getattr(error.__cause__, "reasons", None)  # Twisted's ResponseFailed has them in a list
    more = str(reasons[0].value if reasons else error).partition("\n")[0].rstrip(".")
    unreachable = isinstance(error, (CannotResolveHostError, DownloadConnectionRefusedError))
    return Refusal(outcome, f"{words} ({more})" if more else words, unreachable=unreachable)
