"""Outcomes, reasons, metrics and alarms in the words of the page."""

from typing import Literal, NamedTuple

from crawler.archive.schemas import Outcome
from curate.schemas import Reason

OUTCOMES: dict[Outcome, str] = {
    Outcome.STORED: "stored",
    Outcome.UNCHANGED: "unchanged since the last snapshot",
    Outcome.HTTP_ERROR: "HTTP error",
    Outcome.TIMEOUT: "timeout",
    Outcome.CONNECTION_ERROR: "connection failed",
    Outcome.REDIRECT_LOOP: "redirect loop",
    Outcome.TOO_LARGE: "too large",
    Outcome.INCOMPLETE: "incomplete",
    Outcome.ROBOTS: "disallowed by robots.txt",
    Outcome.OPT_OUT: "reserved from AI use",
    Outcome.BLOCKED_ADDRESS: "not a public address",
    Outcome.BAD_URL: "invalid URL",
}

REASONS: dict[Reason, str] = {
    Reason.EXCLUDED: "excluded on request",
    Reason.OPT_OUT: "reserved from AI use",
    Reason.LICENSE_UNKNOWN: "licence unknown",
    Reason.LICENSE_NOT_ALLOWED: "licence not allowed",
    Reason.SYNTHETIC: "made by AI",
    Reason.WHERE_DIGITAL_SOURCE_TYPE: "made in an unwanted way",
    Reason.WHERE_TAGS: "unwanted tags",
    Reason.WHERE_YEARS: "taken in another year",
    Reason.WHERE_BOX: "taken elsewhere",
    Reason.EMPTY: "empty file",
    Reason.NOT_AN_IMAGE: "not an image",
    Reason.UNSUPPORTED: "unsupported format",
    Reason.TRUNCATED: "truncated file",
    Reason.CORRUPT: "damaged file",
    Reason.TOO_MANY_PIXELS: "too many pixels",
    Reason.TOO_SMALL: "too small",
    Reason.ODD_ASPECT: "too long or too tall",
    Reason.BLURRED: "blurred",
    Reason.DARK: "too dark",
    Reason.BRIGHT: "too bright",
    Reason.LOW_INFORMATION: "flat or empty",
    Reason.GREYSCALE: "greyscale",
    Reason.DRAWING: "drawing or text",
    Reason.BORDER: "border or banner",
    Reason.NOT_FACADE: "not a facade",
    Reason.EXACT_DUPLICATE: "exact duplicate",
    Reason.NEAR_DUPLICATE: "near duplicate",
    Reason.CAP_AUTHOR: "beyond the cap of its author",
    Reason.CAP_PLACE: "beyond the cap of its place",
    Reason.CAP_SOURCE: "beyond the cap of its source",
}

HIDDEN_REASONS = (Reason.EXCLUDED, Reason.OPT_OUT)
"""No page shows a picture whose owner or author asked that it is not used."""


class Metric(NamedTuple):
    """One metric of a model."""

    key: str  # in metrics.json
    label: str
    better: Literal["lower", "higher"]
    meaning: str


METRICS = (
    Metric("ksd", "KSD", "lower", "KID (kernel distance) with SqueezeNet features"),
    Metric(
        "fsd",
        "FSD",
        "lower",
        "FID (Fréchet distance) with the same features; depends on the number of images",
    ),
    Metric("swd", "SWD", "lower", "sliced Wasserstein distance of pixel patches"),
    Metric("precision", "precision", "higher", "share of generated images that lie among the real ones"),
    Metric("recall", "recall", "higher", "share of real images that lie among the generated ones"),
    Metric(
        "density",
        "density",
        "higher",
        "in how many neighbourhoods of real images a generated image lies; 1 is expected",
    ),
    Metric("coverage", "coverage", "higher", "share of real images with a generated one in their neighbourhood"),
)
"""In the order of the page; the first ranks the models."""

ALARMS = {
    "overfitting_since": "overfitting. D scores its training images higher than held-out ones",
    "collapse_since": "collapse. KSD stays far above its lowest value",
    "rolled_back_since": "a loss was not finite; training returned to the last measurement at half its rates",
}
"""Key in metrics.json of the step since which an alarm is on, and the text of the alarm."""
