"""The mark of generated pictures: metadata which says that an AI model made them, and which one. Imports no torch.

The EU AI Act (Regulation (EU) 2024/1689, article 50(2)) asks for outputs that are marked in a machine-readable format.
The mark is an XMP packet (ISO 16684-1) with properties of the IPTC Photo Metadata Standard 2025.1 and some of our own.
It depends on its `Mark` only: no times and no random ids, so that equal inputs give equal bytes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from common.safe_text import one_line
from train import xmp_container
from train.provenance import read_metadata

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The vocabulary of the property DigitalSourceType."""

NAMESPACE = "urn:x-facades:generated#"
"""The namespace of our own properties: `generator`, `dataset`, `training`, `step`."""

SYSTEM = "facades"  # IPTC: the AI engine or the name of the model

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:facades="{namespace}">
{properties}
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of a generated picture; what is not known is empty."""

    dataset: str = ""  # hash of the dataset that the model was trained on
    generator: str = ""  # sha256, in hex, of the generator.safetensors that drew it, or whose training did
    training: str = ""  # key of a training that has published no generator yet; see `train.checkpoint.key`
    step: int | None = None  # of the weights that drew it; None for several steps
    composite: bool = False  # photographs are part of the picture

    @property
    def source_type(self) -> str:
        """The IPTC digital source type: created by a model, or a composite with elements that a model created."""
        return SOURCE_TYPES + ("compositeSynthetic" if self.composite else "trainedAlgorithmicMedia")

    def properties(self) -> Iterator[tuple[str, str]]:
        """Yield our own properties and their values, without those that are not known."""
        step = "" if self.step is None else str(self.step)
        values = {"generator": self.generator, "dataset": self.dataset, "training": self.training, "step": step}
        yield from ((name, one_line(value)) for name, value in values.items() if value)


def of_generator(weights: Path) -> Mark:
    """Return the mark of what a generator draws.

    Args:
        weights: generator.safetensors.

    Raises:
        UserError: there is no such file, it is damaged, or this project did not write it.
    """
    metadata = read_metadata(weights)
    step = metadata.get("step")
    return Mark(
        dataset=str(metadata.get("dataset", "")),
        generator=hashlib.sha256(weights.read_bytes()).hexdigest(),
        step=step if isinstance(step, int) else None,
    )


def xmp(mark: Mark) -> str:
    """Return the XMP packet of a mark, to be written as UTF-8."""
    values = [("Iptc4xmpExt:DigitalSourceType", mark.source_type), ("Iptc4xmpExt:AISystemUsed", SYSTEM)]
    if mark.generator:
        values.append(("Iptc4xmpExt:AISystemVersionUsed", mark.generator))
    values += [(f"facades:{name}", value) for name, value in mark.properties()]
    properties = "\n".join(f"<{name}>{escape(value)}</{name}>" for name, value in values)
    return _PACKET.format(namespace=NAMESPACE, properties=properties)


def microdata(mark: Mark) -> Markup:
    """Return the mark as HTML microdata: properties of a schema.org `CreativeWork`, for an element with `itemscope`."""
    values = [("digitalSourceType", mark.source_type)]
    values += [(NAMESPACE + name, value) for name, value in mark.properties()]
    return Markup("\n").join(Markup('<meta itemprop="{}" content="{}">').format(*pair) for pair in values)


def embed(file: bytes, mark: Mark) -> bytes:
    """Return a PNG or GIF file with a mark in the place of its XMP packet; its pixels stay as they are.

    Raises:
        ValueError: the file is neither PNG nor GIF, or it is cut off.
    """
    return xmp_container.embed(file, xmp(mark).encode())
