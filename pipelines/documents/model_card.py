"""The model card: what a model learnt from, how it was made, its figures and its limits.

The metadata at its top is that of a model card of Hugging Face (https://huggingface.co/docs/hub/model-cards), and the
sections follow Mitchell et al. 2019 (arXiv:1810.03993). Every figure comes from the outputs of the stages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import yaml  # type: ignore[import-untyped]

from crawler.rights.licenses import name_of
from curate.documents.card import Origin, citation, removal
from curate.documents.markdown import plain, table
from curate.schemas import Reason, Split
from pipelines.documents.facts import DRAWN, ModelFacts, Source
from pipelines.report.labels import ALARMS, METRICS, REASONS
from train.provenance import KEY

HOSTS = 20  # that the card lists; the document on training content lists more
NOT_RECORDED = "not recorded"


def model_card(found: ModelFacts) -> Iterator[str]:
    """Yield the lines of the model card, in Markdown below its metadata in YAML."""
    yield "---"
    yield yaml.safe_dump(metadata(found), sort_keys=False, allow_unicode=True, width=1000).rstrip()
    yield "---"
    yield ""
    size = found.record["size"]
    yield f"# {plain(found.model)}: a generator of pictures of facades"
    yield ""
    yield (
        f"A DCGAN that draws RGB pictures of {size} × {size} pixels, which resemble photographs of building facades. "
        "A machine made each picture; none is a photograph."
    )
    yield ""
    yield f"- Weights: `generator.safetensors`, sha256 `{found.weights}`"
    yield f"- Dataset: version `{found.record['dataset']}`, described by its own `card.md` and `croissant.json`"
    yield ""
    yield from _use()
    yield from _learnt_from(found)
    yield from _refusals(found)
    yield from _training(found)
    yield from _figures(found)
    yield from _limits(found)
    yield from removal(Origin(contact=found.contact))


def metadata(found: ModelFacts) -> dict[str, Any]:
    """Return the metadata at the top of the card, as the hub of Hugging Face reads it.

    The weights have no licence until their publisher states one, hence `other`. A dataset version has no address on the
    hub; it is named as the dataset's own citation names it.
    """
    dataset = f"facades-{found.record['dataset'][:8]}"
    values = [
        {"type": name, "name": label, "value": found.metrics[name]}
        for metric in METRICS
        for name, label in (
            (metric.key, metric.label),
            (f"{metric.key}_floor", f"{metric.label}, floor: training images against held-out images"),
            (f"{metric.key}_train", f"{metric.label} against training images"),
        )
        if name in found.metrics
    ]
    result = {
        "task": {"type": "unconditional-image-generation", "name": "Unconditional image generation"},
        "dataset": {"type": dataset, "name": "Facades", "split": str(Split.HOLDOUT)},
        "metrics": values,
    }
    return {
        "license": "other",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["facades", "architecture", "gan", "dcgan"],
        "datasets": [dataset],
        **({"model-index": [{"name": found.model, "results": [result]}]} if values else {}),
    }


def _use() -> Iterator[str]:
    yield "## Use"
    yield ""
    yield "For training and testing small generative models, and for studies of curation and provenance."
    yield "Not for showing pictures as photographs, nor as evidence of what a building or a place looks like."
    yield "The commands of this project mark each picture as made by AI (IPTC digital source type, in XMP)."
    yield "What other programs draw with the weights has no mark until they add one."
    yield ""
    yield "```python"
    yield "import torch, train  # the package of this project"
    yield ""
    yield 'generator = train.load_generator("generator.safetensors")'
    yield "pictures = generator(torch.randn(16, generator.latent, 1, 1))  # float32, 16 × 3 × S × S, in [-1, 1]"
    yield "```"
    yield ""


def _learnt_from(found: ModelFacts) -> Iterator[str]:
    heldout = sum(source.heldout for source in found.sources)
    yield "## What it learnt from"
    yield ""
    yield (
        f"Training images: {found.training.facades}. Held-out images: {heldout}, which measurements use and on which "
        f"the weights do not depend. Of {found.images.images} images that were examined, "
        f"{found.images.images - found.images.facades} were left out."
    )
    yield ""
    rows = (
        (
            source.name,
            source.description,
            source.snapshot,
            _period(source.first, source.last),
            source.images,
            source.training,
            source.heldout,
        )
        for source in found.sources
    )
    yield from table(("source", "query", "snapshot", "collected", "images", "training", "held out"), rows)
    hosts = training_hosts(found.sources)
    if hosts:
        yield from table(("host", "training images"), list(hosts.items())[:HOSTS])
    if len(hosts) > HOSTS:
        rest = sum(list(hosts.values())[HOSTS:])
        yield f"More hosts: {len(hosts) - HOSTS}, with {rest} training images; `training-content.md` lists them."
        yield ""
    yield from table(
        ("licence", "training images"), ((name_of(name), count) for name, count in found.training.licenses.items())
    )
    named = sum(found.training.authors)
    yield (
        f"Authors that are named: {len(found.training.authors)}, of {named} training images; the author of the other "
        f"{found.training.facades - named} is {NOT_RECORDED}. "
        "`ATTRIBUTION.md` of the dataset has the credit line of each image."
    )
    yield ""


def training_hosts(sources: Iterable[Source]) -> dict[str, int]:
    """Return the training images of each host of all these sources, the most frequent host first."""
    counts: Counter[str] = Counter()
    for source in sources:
        counts.update(source.hosts)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _period(first: str, last: str) -> str:
    return (first if first == last else f"{first} to {last}") or NOT_RECORDED


def _refusals(found: ModelFacts) -> Iterator[str]:
    yield "## Refusals that were honoured"
    yield ""
    yield from table(("refusal", "where", "count"), refusals(found))
    if found.images.reserved:
        yield from table(("signal that reserves an image", "images"), found.images.reserved.items())
    yield (
        "An image that is excluded is left out with its near duplicates where the request says so, and no new crawl "
        "brings it back."
    )
    yield ""


def refusals(found: ModelFacts) -> list[tuple[str, str, int]]:
    """Return each kind of refusal with the place where it was honoured, and the URLs or images that it kept out."""

    def fetches(outcome: str) -> int:
        return sum(source.refused[outcome] for source in found.sources)

    reasons = found.images.reasons
    return [
        ("robots.txt disallows the URL", "crawl: not requested", fetches("robots")),
        ("the response reserves its use", "crawl: body not kept", fetches("opt_out")),
        ("the owner reserved the use of the image", "curation: image left out", reasons.get(Reason.OPT_OUT, 0)),
        ("excluded on request", "curation: image left out", reasons.get(Reason.EXCLUDED, 0)),
        ("the licence is unknown", "curation: image left out", reasons.get(Reason.LICENSE_UNKNOWN, 0)),
        ("the licence is not allowed", "curation: image left out", reasons.get(Reason.LICENSE_NOT_ALLOWED, 0)),
    ]


def _training(found: ModelFacts) -> Iterator[str]:
    record = found.record
    yield "## How it was trained"
    yield ""
    yield (
        f"The published weights are those of step {record['step']} of at most {record['recipe'].get('steps')}. "
        f"The training began with random weights: no weights of another generator were used. {dependencies(found)}"
    )
    yield ""
    made_on = "; ".join(f"{name}: {record.get(name, NOT_RECORDED)}" for name in ("device", "precision", "processes"))
    yield f"Hardware: {made_on}. The metadata entry `{KEY}` of the weights also has the versions of the packages."
    yield ""
    yield from table(("recipe", "value"), ((name, _shown(value)) for name, value in record["recipe"].items()))


def dependencies(found: ModelFacts) -> str:
    """Return which other trained networks took part in the training, in one sentence."""
    recipe = found.record["recipe"]
    used = ["EfficientNet-Lite0 as a part of the discriminator"] if recipe.get("vision") else []
    used += ["SqueezeNet 1.1 for the choice of the published step"] if recipe.get("keep") == "best" else []
    if not used:
        return "No other trained network took part in the training."
    return f"Networks that were trained on ImageNet took part in the training: {', '.join(used)}."


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _figures(found: ModelFacts) -> Iterator[str]:
    metrics = found.metrics
    yield "## Figures"
    yield ""
    rows = [
        (
            metric.label,
            *(_figure(metrics.get(f"{metric.key}{suffix}")) for suffix in ("", "_floor", "_train")),
            metric.better,
            metric.meaning,
        )
        for metric in METRICS
        if metric.key in metrics
    ]
    if not rows:
        yield f"Figures: {NOT_RECORDED}."
        yield ""
        return
    yield (
        f"{_figure(metrics.get('n_generated'))} generated, {_figure(metrics.get('n_heldout'))} held-out and "
        f"{_figure(metrics.get('n_training'))} training images were compared. "
        "The floor compares training images with held-out images: what a perfect generator would reach."
    )
    yield ""
    columns = ("metric", "against held-out images", "floor", "against training images", "better", "meaning")
    yield from table(columns, rows)
    for key, text in ALARMS.items():
        if key in metrics:
            yield f"- Since step {_figure(metrics[key])}: {text}."
    if any(key in metrics for key in ALARMS):
        yield ""


def _figure(value: float | None) -> str:
    return NOT_RECORDED if value is None else f"{value:g}"


def _limits(found: ModelFacts) -> Iterator[str]:
    yield "## Limits"
    yield ""
    for text in limits(found):
        yield f"- {text}"
    yield ""


def limits(found: ModelFacts) -> Iterator[str]:
    """Yield the limits of the model, one paragraph each."""
    ksd, trained = found.metrics.get("ksd"), found.metrics.get("ksd_train")
    if ksd is None or trained is None:
        compared = f"the comparison of KSD with training and held-out images is {NOT_RECORDED}"
    elif trained < ksd:
        compared = (
            f"its images are nearer to the training images (KSD {trained:g}) than to the held-out images "
            f"(KSD {ksd:g}), which is what a model that repeats training images shows"
        )
    else:
        compared = (
            f"its images are no nearer to the training images (KSD {trained:g}) than to the held-out images "
            f"(KSD {ksd:g})"
        )
    yield (
        f"Memorization: {compared}. `neighbours/nearest.png` shows the generated images with the nearest training "
        "images; `facades model memorization` searches for more."
    )
    yield (
        "The metrics compare features of a network that was trained on ImageNet, on a limited number of images. They "
        "see neither whether a facade could stand, nor single copies of training images, nor who is shown. "
        "They are not comparable with FID or KID."
    )
    yield (
        "Held-out images are drawn at random by cluster of near duplicates. Other photographs of the same building, "
        "author or place may be among the training images."
    )
    yield (
        "People: nobody looked for faces, people or number plates in the training images, and nothing was blurred. "
        "They may be visible at a few pixels."
    )
    yield (
        "Rights: the licences are those that the sources state; nobody checked them again. A licence of a photograph "
        "says nothing about the rights of the architect."
    )
    drawn = sum(source.training for source in found.sources if source.kind == DRAWN)
    if drawn:
        yield f"Training images that a program drew, and that are no photographs: {drawn} of {found.training.facades}."
    left_out = ", ".join(f"{REASONS[Reason(name)]} {count}" for name, count in found.images.reasons.items())
    yield f"Biases are those of the dataset (its `card.md`). Images left out before training: {left_out or 'none'}."
    yield f"Citation of the dataset: `{citation(found.images, found.record['dataset'])}`"
