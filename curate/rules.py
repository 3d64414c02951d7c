"""What is kept: the `curate` section of params.yaml, and the filters that its thresholds set."""

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from curate.schemas import Reason

RULE_VERSION = 3
"""Counts up when the same measures and thresholds come to decide otherwise; written into every row of the manifest."""


class Thresholds(BaseModel):
    """Where each filter draws its line; null switches it off. `min_x` drops what measures less in x, `max_x` more.

    The defaults are gentle: measured on real photographs of buildings, docs/curation.md shows what each costs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_side: float | None = Field(96, ge=1, description="shorter side of the image, in pixels")
    max_aspect: float | None = Field(2.5, ge=1, description="longer side over shorter side")
    min_sharpness: float | None = Field(0.40, ge=0, le=1, description="1 − blur effect (Crete et al. 2007)")
    min_highlight: float | None = Field(0.32, ge=0, le=1, description="99th percentile of luma: a night shot has lamps")
    max_shadow: float | None = Field(0.60, ge=0, le=1, description="5th percentile of luma: bleached, or on paper")
    min_contrast: float | None = Field(0.05, ge=0, le=0.5, description="standard deviation of luma")
    min_entropy: float | None = Field(4.0, ge=0, le=8, description="bits a pixel of the luma histogram")
    min_colorfulness: float | None = Field(None, ge=0, description="Hasler & Süsstrunk 2003; 15 is slightly colourful")
    min_chroma: float | None = Field(
        2.0, ge=0, description="levels by which colours stray from one tonal scale: 0 is greyscale, sepia too"
    )
    max_paper: float | None = Field(0.33, ge=0, le=1, description="share of one light colour, above as below: drawings")
    max_border: float | None = Field(0.05, ge=0, le=1, description="depth of a flat strip along an edge of the crop")
    min_facade: float | None = Field(
        0.2,
        ge=0,
        le=1,
        description="buildings' share of what a network takes for buildings or nature (curate/facade_score.py)",
    )

    def of(self, rule: "Filter") -> float | None:
        """Return the threshold of a filter, None where the filter is off."""
        value: float | None = getattr(self, rule.threshold)
        return value


class Filter(NamedTuple):
    """A measure, the threshold that it is compared with, and the reason for a drop."""

    reason: Reason
    measure: str  # a column of the prepared table, or `side` or `aspect`, which derive from width and height
    threshold: str  # a field of Thresholds

    @property
    def is_minimum(self) -> bool:
        """Whether values below the threshold are dropped, else those above it."""
        return self.threshold.startswith("min_")

    def values(self, prepared: pa.Table) -> NDArray[np.floating]:
        """Return the measure of each row of a prepared table, in the precision of the table; NaN without a picture.

        Args:
            prepared: a table with `columns`.
        """
        if self.measure not in ("side", "aspect"):
            return np.asarray(prepared[self.measure].to_numpy())
        width, height = (prepared[name].to_numpy().astype(np.float64) for name in ("width", "height"))
        shorter, longer = np.minimum(width, height), np.maximum(width, height)
        return np.asarray(shorter if self.measure == "side" else longer / shorter)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a prepared table that `values` reads."""
        return ("width", "height") if self.measure in ("side", "aspect") else (self.measure,)

    def rejects(self, values: NDArray[np.floating], threshold: float) -> NDArray[np.bool_]:
        """Return which values are on the wrong side of a threshold; a value at the threshold is kept, and so is NaN.

        Compares in the precision of `values`: 0.4 in a float32 table is not below a threshold of 0.4.
        """
        limit = values.dtype.type(threshold)
        return np.asarray(values < limit if self.is_minimum else values > limit)


_REASONS = {
    "max_aspect": Reason.ODD_ASPECT,
    "min_side": Reason.TOO_SMALL,
    "max_paper": Reason.DRAWING,
    "min_sharpness": Reason.BLURRED,
    "min_highlight": Reason.DARK,
    "max_shadow": Reason.BRIGHT,
    "min_contrast": Reason.LOW_INFORMATION,
    "min_entropy": Reason.LOW_INFORMATION,
    "min_colorfulness": Reason.GREYSCALE,
    "min_chroma": Reason.GREYSCALE,
    "max_border": Reason.BORDER,
    "min_facade": Reason.NOT_FACADE,
}

FILTERS = tuple(
    Filter(reason, name.removeprefix("min_").removeprefix("max_"), name) for name, reason in _REASONS.items()
)
"""In the order in which they are applied: the first filter that rejects an image gives the reason."""

FILTER_OF = {(rule.reason, rule.measure): rule for rule in FILTERS}
"""The filter that dropped an image, by the reason and the measure in its row of the manifest."""


class Duplicates(BaseModel):
    """When two images count as one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    radius: int = Field(8, ge=0, le=12, description="Hamming distance of hashes up to which pairs are looked at")
    similarity: float = Field(
        0.72, gt=0, le=1, description="local correlation after alignment, that two thirds of a picture reach in a pair"
    )
    mirrored: bool = Field(True, description="whether a mirrored copy is a duplicate")


Preference = Literal["license", "resolution", "sharpness", "sha256"]


class CurateParams(BaseModel):
    """The `curate` section of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_size: int = Field(64, ge=32, le=256, description="side of a facade in pixels")
    executor: Literal["processes", "ray"] = Field(
        "processes", description="who prepares images; the bytes are the same"
    )
    workers: int | None = Field(None, ge=1, description="of `processes`: how many; null is one a core")
    ray_address: str = Field("auto", description="of `ray`: the cluster, host:port; auto is this machine's")
    trim: bool = Field(False, description="whether flat strips along the edges are cut off before the crop")
    thresholds: Thresholds = Field(Thresholds(), description="the filters")
    score_facades: bool = Field(
        True,
        description="whether `facade`, the measure that takes the most time, is taken; thresholds.min_facade needs it",
    )
    duplicates: Duplicates = Field(Duplicates(), description="when two images count as one")
    keeper: tuple[Preference, ...] = Field(
        ("license", "resolution", "sha256"),
        description="which of several duplicates stays: the most open licence, the most pixels, the sharpest crop; "
        "what these leave open the smallest sha256 decides",
    )
    holdout: float = Field(0.1, ge=0, lt=1, description="share of the facades that no model is trained on")

    @field_validator("score_facades")
    @classmethod
    def _threshold_has_its_measure(cls, value: bool, info: ValidationInfo) -> bool:
        thresholds = info.data.get("thresholds")
        if not value and thresholds is not None and thresholds.min_facade is not None:
            raise ValueError("true while thresholds.min_facade is not null")
        return value
