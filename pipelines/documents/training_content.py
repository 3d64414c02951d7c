"""The fields that two laws ask of the provider of a generative model, filled from the outputs of the stages.

The template of the European Commission for the public summary of training content (C(2025) 8311 final, AI Act,
article 53(1)(d)), and the documentation that California asks for (Civil Code, section 3111; AB 2013). Whether a law
applies to a model is not decided here. What the outputs do not contain is `not recorded`; its provider has to add it.
"""

from collections.abc import Iterable, Iterator

from curate.documents.markdown import plain, table
from curate.documents.places import country_name
from curate.schemas import Reason
from pipelines.documents.facts import DRAWN, FILES, ModelFacts, Source
from pipelines.documents.model_card import dependencies, refusals, training_hosts

HOSTS = 1000  # that are listed, those with the most training images first
NOT_RECORDED = "Not recorded."
SIZES = ((1_000_000, "Less than 1 million images"), (1_000_000_000, "1 million to 1 billion images"))
"""The ranges of the template for images, by their upper limits."""
LARGEST = "More than 1 billion images"

FREE = ("CC0-", "PDM-")
"""The beginnings of the licence ids that put a work into the public domain, or mark it as such."""

Fields = Iterable[tuple[str, str]]


def training_content(found: ModelFacts) -> Iterator[str]:
    """Yield the lines of the document on training content, in Markdown."""
    yield f"# Training content of {plain(found.model)}"
    yield ""
    yield (
        "Two forms, filled from the manifest of the dataset, the records of the crawls and the metadata of the "
        "weights. "
        "A field whose answer they do not contain is not recorded; the provider of the model has to add it. "
        "Whether a law applies to this model is not decided here."
    )
    yield ""
    yield "## European Union: public summary of training content"
    yield ""
    yield "Template of the Commission, C(2025) 8311 final; AI Act (Regulation (EU) 2024/1689), article 53(1)(d)."
    yield ""
    for title, fields in (
        ("1.1 Provider identification", _provider(found)),
        ("1.2 Model identification", _identification(found)),
        ("1.3 Modalities, overall training data size and other characteristics", _modalities(found)),
        ("2.1 Publicly available datasets", _datasets(found)),
        ("2.2 Private non-publicly available datasets obtained from third parties", _private()),
        ("2.3 Data crawled and scraped from online sources", _crawled(found)),
        ("2.4 User data", _user_data()),
        ("2.5 Synthetic data", _synthetic(found)),
        ("2.6 Other sources of data", _others(found)),
        ("3.1 Respect of reservation of rights from text and data mining", _reservations(found)),
        ("3.2 Removal of illegal content", _illegal()),
        ("3.3 Other information", _other(found)),
    ):
        yield from _section(title, fields)
        if title.startswith("2.3"):
            yield from _hosts(found)
        if title.startswith("3.1"):
            yield from table(("refusal", "where", "count"), refusals(found))
    yield "## California: documentation of training data"
    yield ""
    yield "Civil Code, section 3111(a), points 1 to 12 (AB 2013)."
    yield ""
    for number, (name, answer) in enumerate(_california(found), 1):
        yield f"{number}. **{name}** {answer}"
    yield ""


def _section(title: str, fields: Fields) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    for name, answer in fields:
        yield f"- **{name}:** {answer}"
    yield ""


def _provider(found: ModelFacts) -> Fields:
    contact = f" Contact of the crawler: {plain(found.contact)}." if found.contact else ""
    yield "Provider name and contact details", f"{NOT_RECORDED}{contact}"
    yield "Authorised representative name and contact details", NOT_RECORDED


def _identification(found: ModelFacts) -> Fields:
    yield "Versioned model name", f"{plain(found.model)}, generator.safetensors with sha256 `{found.weights}`"
    yield "Model dependencies", f"None: trained from random weights. {dependencies(found)}"
    yield "Date of placement on the Union market", NOT_RECORDED


def _modalities(found: ModelFacts) -> Fields:
    count = found.training.facades
    size = next((name for limit, name in SIZES if count < limit), LARGEST)
    pixels = found.record["size"]
    yield "Modality", "Image"
    yield "Training data size", f"{size}: {count} images of {pixels} × {pixels} pixels"
    yield "Types of content", f"Photographs of building facades{_and_drawings(found)}"
    yield "Latest date of data acquisition", found.period[1] or NOT_RECORDED
    yield "Continuous training on new data", "No: a training reads one version of the dataset."
    yield "Linguistic characteristics", "The model is trained on pixels; no text is used."
    yield "Other characteristics", f"{_countries(found)} The known biases are listed in `card.md` of the dataset."


def _countries(found: ModelFacts) -> str:
    counts = found.training.countries
    named = [f"{country_name(code) if code else 'not certain'} {count}" for code, count in counts.items()]
    unplaced = sum(found.training.unplaced.values())
    return f"Training images by country: {', '.join((*named, f'without coordinates {unplaced}'))}."


def _and_drawings(found: ModelFacts) -> str:
    drawn = _training(found, DRAWN)
    return f", {drawn} of them drawn by a program" if drawn else ""


def _training(found: ModelFacts, kind: str) -> int:
    return sum(source.training for source in found.sources if source.kind == kind)


def _datasets(found: ModelFacts) -> Fields:
    yield "Publicly available datasets", f"{NOT_RECORDED} {_files(found)}"


def _files(found: ModelFacts) -> str:
    files = [source for source in found.sources if source.kind == FILES]
    if not files:
        return "No source was read from files."
    return f"Read from files, which may be such a dataset: {_list(files)}."


def _list(sources: Iterable[Source]) -> str:
    return "; ".join(f"{plain(source.name)} (training images: {source.training})" for source in sources) or "none"


def _private() -> Fields:
    yield "2.2.1 Datasets commercially licensed by rightsholders", NOT_RECORDED
    yield "2.2.2 Private datasets obtained from other third parties", NOT_RECORDED


def _crawled(found: ModelFacts) -> Fields:
    crawled = found.crawled
    yield "Crawlers were used", "Yes." if crawled else "No."
    if not crawled:
        return
    yield "Crawler name", "facades"
    yield "Purposes of the crawler", "To collect licensed pictures of facades for a dataset of small images."
    yield (
        "Crawler behaviour",
        "It identifies itself in the User-Agent with a contact address, obeys robots.txt (RFC 9309) and the delays "
        "that sites ask for, and bypasses no paywall and no captcha. Its archive contains every request and response.",
    )
    first, last = (min(source.first for source in crawled), max(source.last for source in crawled))
    yield "Period of data collection", f"{first} to {last}" if last else NOT_RECORDED
    queries = "; ".join(
        f"{plain(source.name)}: {plain(source.description)}, snapshot {plain(source.snapshot)}" for source in crawled
    )
    yield "Content and online sources", f"Pictures, with title, author and licence. {queries}."
    yield "Modality", "Image"


def _hosts(found: ModelFacts) -> Iterator[str]:
    hosts = training_hosts(found.crawled)
    listed = "all of them listed" if len(hosts) <= HOSTS else f"the {HOSTS} with the most training images listed"
    yield f"Domain names: {len(hosts)} hosts, {listed}."
    yield ""
    if hosts:
        yield from table(("host", "training images"), list(hosts.items())[:HOSTS])


def _user_data() -> Fields:
    yield "Data from users of the model or of other services of the provider", NOT_RECORDED


def _synthetic(found: ModelFacts) -> Fields:
    drawn = [source for source in found.sources if source.kind == DRAWN]
    left_out = found.images.reasons.get(Reason.SYNTHETIC, 0)
    yield (
        "Data generated by AI models",
        f"Training images whose source or file states that AI or another algorithm made them: {found.ai_made}. "
        f"Left out for such a statement: {left_out}. Generated images without one are not recorded.",
    )
    yield "Data drawn by a program without AI", f"{_list(drawn)}."


def _others(found: ModelFacts) -> Fields:
    yield "Other sources", _files(found)


def _reservations(found: ModelFacts) -> Fields:
    yield "Signatory of the Code of Practice", NOT_RECORDED
    yield (
        "Measures",
        "The crawler requests no URL that robots.txt disallows. An image whose owner reserved its use in a "
        "machine-readable way is not used: in the response, in its page, or in the file itself. "
        "Lines of `exclusions.csv` leave out images that people asked to remove.",
    )


def _illegal() -> Fields:
    yield "Measures", "None that is specific to illegal content. Images without an allowed licence are left out."


def _other(found: ModelFacts) -> Fields:
    left_out = found.images.images - found.images.facades
    yield (
        "Processing",
        f"{left_out} of {found.images.images} images were left out: by licence, refusal, size, quality, and as "
        "duplicates. The middle square of the others was scaled. `manifest.parquet` gives the reason for each image.",
    )


def _california(found: ModelFacts) -> Fields:
    count = found.training.facades
    first, last = found.period
    free = sum(number for name, number in found.training.licenses.items() if name.startswith(FREE))
    yield (
        "Sources or owners of the datasets.",
        f"{_list(found.sources)}. `ATTRIBUTION.md` of the dataset names authors.",
    )
    yield (
        "How the datasets further the intended purpose.",
        "The model learns from them what a facade looks like, to generate pictures of facades.",
    )
    yield "Number of data points.", f"{count} images."
    yield "Types of data points.", f"Photographs of building facades{_and_drawings(found)}. {_labels(found)}"
    yield (
        "Copyright, trademark or patent.",
        f"In the public domain by their licence statement: {free} images. The other {count - free} count as protected "
        "by copyright; `card.md` has the number of images of each licence. Trademarks and patents: not recorded.",
    )
    yield (
        "Purchased or licensed.",
        "Purchases: not recorded. The licence of each image is the one that its source states.",
    )
    yield (
        "Personal information.",
        f"Authors that the manifest names: {len(found.training.authors)}; the training uses no name. "
        f"It has coordinates of {sum(found.training.countries.values())} training images. "
        "People may be visible in images; nobody searched for them.",
    )
    yield "Aggregate consumer information.", NOT_RECORDED
    yield (
        "Cleaning, processing or other modification.",
        f"Images were left out ({found.images.images - found.images.facades} of {found.images.images}) so that the "
        "rest are licensed, distinct photographs of facades; the middle square of each was scaled to one size.",
    )
    yield (
        "Period of collection.",
        f"{first} to {last}. Whether the collection goes on is not recorded." if last else NOT_RECORDED,
    )
    yield "Dates of first use.", NOT_RECORDED
    yield (
        "Synthetic data generation.",
        f"Training images that a program drew: {_training(found, DRAWN)}; that are stated to be made by AI or another "
        f"algorithm: {found.ai_made}.",
    )


def _labels(found: ModelFacts) -> str:
    labels = found.record["recipe"].get("labels") or ()
    return f"Labels: {', '.join(map(plain, labels))}." if labels else "Without labels."
