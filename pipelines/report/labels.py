"""The closed enums and the metrics in words, as the page prints them."""

from typing import Literal, NamedTuple

from crawler.archive.schemas import Outcome
from curate.schemas import Reason

OUTCOMES: dict[Outcome, str] = {
    Outcome.STORED: "stored",
    Outcome.UNCHANGED: "unchanged since the last snapshot",
    Outcome.HTTP_ERROR: "HTTP error",
    Outcome.TIMEOUT: "timed out",
    Outcome.CONNECTION_ERROR: "connection failed",
    Outcome.REDIRECT_LOOP: "redirect loop",
    Outcome.TOO_LARGE: "too large",
    Outcome.INCOMPLETE: "cut off on the way",
    Outcome.ROBOTS: "disallowed by robots.txt",
    Outcome.OPT_OUT: "opted out of AI use",
    Outcome.BLOCKED_ADDRESS: "refused address",
    Outcome.BAD_URL: "not a usable URL",
}

REASONS: dict[Reason, str] = {
    Reason.EXCLUDED: "excluded on request",
    Reason.OPT_OUT: "opted out of AI use",
    Reason.LICENSE_UNKNOWN: "licence unknown",
    Reason.LICENSE_NOT_ALLOWED: "licence not allowed",
    Reason.EMPTY: "empty file",
    Reason.NOT_AN_IMAGE: "not an image",
    Reason.UNSUPPORTED: "unsupported format",
    Reason.TRUNCATED: "truncated",
    Reason.CORRUPT: "corrupt",
    Reason.TOO_MANY_PIXELS: "too many pixels",
    Reason.TOO_SMALL: "too small",
    Reason.ODD_ASPECT: "odd aspect",
    Reason.BLURRED: "blurred",
    Reason.DARK: "dark",
    Reason.BRIGHT: "bright",
    Reason.LOW_INFORMATION: "low information",
    Reason.GREYSCALE: "greyscale",
    Reason.DRAWING: "drawing or text",
    Reason.BORDER: "border or banner",
    Reason.NOT_FACADE: "not a facade",
    Reason.EXACT_DUPLICATE: "exact duplicate",
    Reason.NEAR_DUPLICATE: "near duplicate",
}

NOT_SHOWN = (Reason.EXCLUDED, Reason.OPT_OUT)
"""Whoever asked not to be used is not put on show either."""


class Metric(NamedTuple):
    key: str
    label: str
    better: Literal["lower", "higher"]
    meaning: str


METRICS = (
    Metric("ksd", "KSD", "lower", "kernel distance between SqueezeNet features of generated and held-out real images"),
    Metric("fsd", "FSD", "lower", "Fréchet distance between the same features; depends on n"),
    Metric("swd", "SWD", "lower", "sliced Wasserstein distance between pixel patches"),
    Metric("precision", "precision", "higher", "share of generated images that fall among the real ones"),
    Metric("recall", "recall", "higher", "share of real images that fall among the generated ones"),
    Metric("density", "density", "higher", "how many real neighbourhoods a generated image falls into"),
    Metric("coverage", "coverage", "higher", "share of real images with a generated one in their neighbourhood"),
)
"""In the order in which they are shown; the first ranks the models."""

ALARMS = {
    "overfitting_since": "overfitting: D tells the images that it was trained on from held-out ones",
    "collapse_since": "collapse: KSD stays well above the best that was reached",
    "rolled_back_since": "a loss was not finite: training went back to the last measurement, at half the speed",
}
"""Keys of metrics.json that hold the step at which an alarm first rang, and what it says."""
