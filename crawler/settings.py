"""The `crawl` section of params.yaml: who asks, how politely, and which licences may enter a dataset."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What one fetch may cost, and how hard one host may be asked. A kind may be gentler still, never harsher."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bytes: int = Field(20_000_000, ge=1_000, description="largest body, in bytes; reading stops there")
    timeout: float = Field(60.0, gt=0, description="seconds for one fetch, body included")
    answer: float = Field(
        20.0,
        gt=0,
        description="seconds until an answer must have begun; the first of two tries waits less at a quick host",
    )
    per_host: int = Field(4, ge=1, le=64, description="requests under way at one host at a time")
    delay: float = Field(
        0.25, ge=0, description="seconds between two requests to one host; robots.txt may ask for more"
    )
    retries: int = Field(3, ge=0, le=20, description="tries after the first that fails for a passing reason")
    patience: float = Field(600.0, ge=0, description="longest Retry-After that is waited for, in seconds")


class CrawlSettings(BaseModel):
    """The `crawl` section of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str | None = Field(
        None, min_length=3, description="e-mail address or URL in the User-Agent; real sites are not crawled without it"
    )
    licenses: list[str] = Field(
        ["CC0-1.0", "PDM-1.0", "NKC-1.0", "CC-BY-[0-9]*", "CC-BY-SA-*"],
        description="licence ids that may enter the dataset; * and [0-9] as in file names",
    )
    unknown: Literal["drop", "keep"] = Field("drop", description="what becomes of images whose licence is unknown")
    limits: Limits = Field(Limits(), description="what one fetch may cost, and how hard one host may be asked")
