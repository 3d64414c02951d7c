"""The `crawl` section of params.yaml: contact address, limits, and the licences that may enter a dataset."""

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from crawler.rights.licenses import UNKNOWN


class Limits(BaseModel):
    """Limits of one fetch and of one host. A kind may set stricter limits, never looser ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bytes: int = Field(
        20_000_000, ge=1_000, description="largest body in bytes; longer ones are cut off and recorded as too_large"
    )
    timeout: float = Field(60.0, gt=0, description="seconds for one fetch, including the body")
    answer: float = Field(
        20.0,
        gt=0,
        description="seconds until the first byte of a response; the first of two attempts waits less at a fast host",
    )
    per_host: int = Field(4, ge=1, le=64, description="concurrent requests to one host")
    delay: float = Field(
        0.25, ge=0, description="seconds between two requests to one host; robots.txt may ask for more"
    )
    retries: int = Field(
        3, ge=0, le=20, description="attempts after the first one, if it failed for a temporary reason"
    )
    patience: float = Field(600.0, ge=0, description="longest Retry-After in seconds that the crawl waits for")


class CrawlSettings(BaseModel):
    """The `crawl` section of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str | None = Field(
        None, min_length=3, description="e-mail address or URL in the User-Agent; real sites are not crawled without it"
    )
    licenses: list[str] = Field(
        ["CC0-1.0", "PDM-1.0", "NKC-1.0", "CC-BY-[0-9]*", "CC-BY-SA-*"],
        description="licence ids that may enter the dataset; `*` and `[0-9]` are wildcards as in file names",
    )
    unknown: Literal["drop", "keep"] = Field(
        "drop", description="whether to drop or keep images whose licence is unknown"
    )
    honor_ai_blocks: bool = Field(
        False,
        description="whether an image counts as reserved if robots.txt disallows it for a known AI crawler, such as "
        "GPTBot; applied by the stage `extract`, so that a change fetches nothing",
    )
    limits: Limits = Field(Limits(), description="limits of one fetch and of one host")

    def allows(self, license_id: str) -> bool:
        """Return whether images under a normalised licence may enter the dataset."""
        if license_id == UNKNOWN:
            return self.unknown == "keep"
        return any(fnmatchcase(license_id, pattern) for pattern in self.licenses)
