"""The `curate` section of params.yaml, and the filters that its thresholds define."""

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from curate.caps import Caps
from curate.schemas import Reason
from curate.where import Where

RULE_VERSION = 4
"""In every row of the manifest; increased when equal measures and thresholds lead to another decision."""


class Thresholds(BaseModel):
    """The threshold of each filter: `min_x` drops images with a smaller measure x, `max_x` with a larger one.

    None switches a filter off. The defaults lose few photographs of buildings; docs/benchmarks.md has the measurements.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_side: float | None = Field(96, ge=1, description="shorter side of the image, in pixels")
    max_aspect: float | None = Field(2.5, ge=1, description="longer side over shorter side")
    min_sharpness: float | None = Field(0.40, ge=0, le=1, description="1 − blur effect (Crété-Roffet et al. 2007)")
    min_highlight: float | None = Field(
        0.32, ge=0, le=1, description="99th percentile of luma; night shots with lamps pass"
    )
    max_shadow: float | None = Field(0.60, ge=0, le=1, description="5th percentile of luma; above it is overexposed")
    min_contrast: float | None = Field(0.05, ge=0, le=0.5, description="standard deviation of luma")
    min_entropy: float | None = Field(4.0, ge=0, le=8, description="entropy of the luma histogram, bits per pixel")
    min_colorfulness: float | None = Field(None, ge=0, description="Hasler & Süsstrunk 2003; 15 is slightly colourful")
    min_chroma: float | None = Field(
        2.0, ge=0, description="levels by which colours leave a single tonal scale; 0 is greyscale or sepia"
    )
    max_paper: float | None = Field(0.33, ge=0, le=1, description="share of one light tone in both halves; drawings")
    max_border: float | None = Field(0.05, ge=0, le=1, description="depth of a flat strip along an edge of the crop")
    min_facade: float | None = Field(
        0.2,
        ge=0,
        le=1,
        description="P(building) / (P(building) + P(nature)) by an ImageNet classifier (curate/facade_score.py)",
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
    """When two images are near duplicates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    radius: int = Field(8, ge=0, le=12, description="Hamming distance in bits up to which pairs are verified")
    similarity: float = Field(
        0.72, gt=0, le=1, description="correlation that two thirds of the blocks must reach after alignment"
    )
    mirrored: bool = Field(True, description="count mirrored copies as duplicates")


Preference = Literal["license", "resolution", "sharpness", "sha256"]


class CurateParams(BaseModel):
    """The `curate` section of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_size: int = Field(64, ge=32, le=256, description="side of the crops in pixels")
    executor: Literal["processes", "ray"] = Field(
        "processes", description="where stage prepare runs; has no influence on the bytes"
    )
    workers: int | None = Field(None, ge=1, description="number of processes; null is one per core")
    ray_address: str = Field("auto", description="host:port of the Ray cluster; auto is that of this machine")
    trim: bool = Field(False, description="cut off flat strips along the edges before the crop")
    thresholds: Thresholds = Field(Thresholds(), description="thresholds of the filters")
    score_facades: bool = Field(
        True,
        description="compute the measure `facade`, which takes the most time and which thresholds.min_facade needs",
    )
    where: Where = Field(Where(), description="which images are wanted, by what is stated about them")
    caps: Caps = Field(Caps(), description="how many images of one author, place or source are kept")
    duplicates: Duplicates = Field(Duplicates(), description="when two images are near duplicates")
    keeper: tuple[Preference, ...] = Field(
        ("license", "resolution", "sha256"),
        description="which of several duplicates is kept: the most open licence, the most pixels, the sharpest crop, "
        "by the order of the list; the smallest sha256 decides between equals",
    )
    holdout: float = Field(0.1, ge=0, lt=1, description="fraction of the facades that no model is trained on")

    @field_validator("score_facades")
    @classmethod
    def _threshold_has_its_measure(cls, value: bool, info: ValidationInfo) -> bool:
        thresholds = info.data.get("thresholds")
        if not value and thresholds is not None and thresholds.min_facade is not None:
            raise ValueError("true while thresholds.min_facade is not null")
        return value
