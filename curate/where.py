"""Which images are wanted, by what is stated about them: section `curate.where` of params.yaml."""

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from crawler.archive.schemas import SHA1_TAG
from crawler.metadata.source_types import AI_MADE, TERMS
from curate.schemas import Reason

Mask = NDArray[np.bool_]  # over the rows of an image table


class Unwanted(NamedTuple):
    """The images that a condition drops."""

    rows: Mask
    measure: str | None = None  # name of the number that decided
    values: NDArray[np.float64] | None = None  # that number for each row
    limits: NDArray[np.float64] | None = None  # what it was compared with


class Condition(BaseModel):
    """A condition on what is stated about an image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def unwanted(self, images: pa.Table) -> Unwanted:
        """Return which rows of an image table (`crawler.archive.schemas.IMAGES`) the condition drops."""
        raise NotImplementedError


class Patterns(Condition):
    """Words that drop or keep an image. `*`, `?` and `[…]` match as in file names; upper and lower case are equal."""

    def _chosen(self, words: Sequence[str], patterns: Sequence[str]) -> pa.Array:
        lowered = [pattern.casefold() for pattern in patterns]
        found = [word for word in words if any(fnmatchcase(word.casefold(), pattern) for pattern in lowered)]
        return pa.array(found, pa.string())


class Tags(Patterns):
    """Section `curate.where.tags`."""

    drop: tuple[str, ...] = Field((), description="images with a tag like one of these are dropped")
    keep: tuple[str, ...] = Field((), description="if there are any, only images with a tag like one of these are kept")
    unknown: Literal["keep", "drop"] = Field("keep", description="images without tags, if `keep` is not empty")

    def unwanted(self, images: pa.Table) -> Unwanted:
        words = pc.unique(pc.list_flatten(images["tags"])).drop_null().to_pylist()
        rows = _with_tag(images, self._chosen(words, self.drop))
        if self.keep:
            wanted = _with_tag(images, self._chosen(words, self.keep))
            said = [word for word in words if not word.startswith(SHA1_TAG)]  # of the original
            unknown = ~_with_tag(images, pa.array(said, pa.string()))
            rows |= ~wanted & (~unknown | (self.unknown == "drop"))
        return Unwanted(rows)


class SourceTypes(Patterns):
    """Section `curate.where.digital_source_type`."""

    drop: tuple[str, ...] = Field(
        AI_MADE, description="images of these types are dropped; the default is those that AI made or partly made"
    )
    keep: tuple[str, ...] = Field((), description="if there are any, only images of these types are kept")
    unknown: Literal["keep", "drop"] = Field("keep", description="images that do not state their type")

    @field_validator("drop", "keep")
    @classmethod
    def _match_a_term(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not any(fnmatchcase(term.casefold(), pattern.casefold()) for term in TERMS):
                near = difflib.get_close_matches(pattern, TERMS, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"terms of IPTC's Digital Source Type, of which none is like {pattern}{hint}")
        return patterns

    def unwanted(self, images: pa.Table) -> Unwanted:
        column = images["digital_source_type"]
        words = pc.unique(column).drop_null().to_pylist()
        rows = _is_in(column, self._chosen(words, self.drop))
        if self.keep:
            rows |= _is_valid(column) & ~_is_in(column, self._chosen(words, self.keep))
        return Unwanted(rows | (~_is_valid(column) & (self.unknown == "drop")))


class Years(Condition):
    """Section `curate.where.years`."""

    first: int | None = Field(None, ge=1000, le=2999, description="images taken in an earlier year are dropped")
    last: int | None = Field(None, ge=1000, le=2999, description="images taken in a later year are dropped")
    unknown: Literal["keep", "drop"] = Field("keep", description="images without a date, if there is a limit")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError("first ≤ last")
        return self

    def unwanted(self, images: pa.Table) -> Unwanted:
        if self.first is None and self.last is None:
            return Unwanted(np.zeros(len(images), bool))
        # A date begins with its year, whatever its precision.
        years = _numbers(pc.utf8_slice_codeunits(images["taken"], 0, 4).cast(pa.float64()))
        limits = np.where(years < (self.first or -np.inf), self.first or np.nan, self.last or np.nan)
        early, late = years < (self.first or -np.inf), years > (self.last or np.inf)
        return Unwanted(early | late | (np.isnan(years) & (self.unknown == "drop")), "year", years, limits)


class Box(Condition):
    """Section `curate.where.box`: from `west` eastwards to `east`, over 180° if west is the larger number."""

    south: float | None = Field(None, ge=-90, le=90, description="images south of this latitude are dropped")
    west: float | None = Field(
        None, ge=-180, le=180, description="western edge in degrees; larger than `east` if the box crosses 180°"
    )
    north: float | None = Field(None, ge=-90, le=90, description="images north of this latitude are dropped")
    east: float | None = Field(None, ge=-180, le=180, description="eastern edge in degrees")
    unknown: Literal["keep", "drop"] = Field("keep", description="images without coordinates, if there is a box")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        edges = (self.south, self.west, self.north, self.east)
        if None in edges and any(edge is not None for edge in edges):
            raise ValueError("all of south, west, north and east, or null for each")
        if self.south is not None and self.north is not None and self.south > self.north:
            raise ValueError("south ≤ north")
        return self

    def unwanted(self, images: pa.Table) -> Unwanted:
        if self.south is None or self.west is None or self.north is None or self.east is None:
            return Unwanted(np.zeros(len(images), bool))
        latitude, longitude = _numbers(images["latitude"]), _numbers(images["longitude"])
        # Degrees east of the western edge. A box from edge to edge of the map is the whole circle.
        offset, width = (longitude - self.west) % 360, (self.east - self.west) % 360
        across = (offset <= width) | (self.east - self.west == 360)
        inside = (latitude >= self.south) & (latitude <= self.north) & across
        return Unwanted(np.where(np.isnan(latitude), self.unknown == "drop", ~inside))


class Where(BaseModel):
    """Section `curate.where`: an image is dropped by the first condition that it does not meet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digital_source_type: SourceTypes = Field(SourceTypes(), description="how the image was made")
    tags: Tags = Field(Tags(), description="tags of the source")
    years: Years = Field(Years(), description="years in which the image was taken")
    box: Box = Field(Box(), description="area that the image was taken in")

    def of(self, section: str) -> Condition:
        """Return the condition of a section."""
        condition: Condition = getattr(self, section)
        return condition


CONDITIONS = {
    "digital_source_type": Reason.WHERE_DIGITAL_SOURCE_TYPE,
    "tags": Reason.WHERE_TAGS,
    "years": Reason.WHERE_YEARS,
    "box": Reason.WHERE_BOX,
}
"""Sections of `curate.where` and their reasons, in the order in which they are applied."""


def _with_tag(images: pa.Table, words: pa.Array) -> Mask:
    """Return which rows have one of these tags."""
    rows = np.zeros(len(images), bool)
    chosen = pc.is_in(pc.list_flatten(images["tags"]), words).to_numpy(zero_copy_only=False)
    rows[pc.list_parent_indices(images["tags"]).to_numpy()[chosen]] = True
    return rows


def _is_in(column: pa.ChunkedArray, words: pa.Array) -> Mask:
    return np.asarray(pc.is_in(column, words).to_numpy())


def _is_valid(column: pa.ChunkedArray) -> Mask:
    return np.asarray(pc.is_valid(column).to_numpy())


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column of numbers; NaN where it is null."""
    return np.asarray(column.to_numpy(), np.float64)
