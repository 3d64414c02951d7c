"""The measure `facade`: how much a picture looks like a building, by an ImageNet classifier."""

import multiprocessing
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models import SqueezeNet

from curate.schemas import SQUARE_SIDE
from curate.squeezenet import MEAN_BGR, squeezenet

BATCH = 16  # fixed, because the last bits of a convolution depend on the size of the batch

BUILDINGS = {
    425: "barn",
    437: "beacon",
    442: "bell cote",
    449: "boathouse",
    454: "bookshop",
    467: "butcher shop",
    483: "castle",
    497: "church",
    498: "cinema",
    500: "cliff dwelling",
    509: "confectionery",
    538: "dome",
    580: "greenhouse",
    582: "grocery store",
    624: "library",
    660: "mobile home",
    663: "monastery",
    668: "mosque",
    682: "obelisk",
    698: "palace",
    706: "patio",
    727: "planetarium",
    743: "prison",
    762: "restaurant",
    788: "shoe shop",
    832: "stupa",
    853: "thatch",
    858: "tile roof",
    860: "tobacco shop",
    865: "toyshop",
    873: "triumphal arch",
    900: "water tower",
    904: "window screen",
    905: "window shade",
}
"""The ImageNet classes (ILSVRC 2012) that are buildings or parts of facades, by number."""

NATURE = (*range(398), 970, *range(972, 981), *range(984, 999))
"""The classes of animals, landscapes (alp, cliff, coral reef, geyser, lakeside, …), plants and fungi."""


@torch.inference_mode()
def score(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return P(building) / (P(building) + P(nature)) by SqueezeNet, for each picture.

    Zero-shot: the classes were chosen by their names, and nothing is fitted. Other classes (cars, furniture, people)
    have no influence.

    Args:
        squares: n × 3 × SQUARE_SIDE × SQUARE_SIDE, uint8, sRGB.

    Returns:
        n values, 0 to 1, float32, rounded to 4 places, because CPUs differ in the last bits. A value does not depend
        on the other pictures.

    Raises:
        UserError: the network's weights are not installed.
    """
    network = _network()
    mean = torch.tensor(MEAN_BGR).view(1, 3, 1, 1)
    scores = np.empty(len(squares), np.float32)
    for low in range(0, len(squares), BATCH):
        part = squares[low : low + BATCH]
        pixels = torch.zeros(BATCH, 3, SQUARE_SIDE, SQUARE_SIDE)
        pixels[: len(part)] = torch.from_numpy(part.copy()).flip(1) - mean
        logits: Tensor = network(pixels.contiguous(memory_format=torch.channels_last))[: len(part)]
        buildings, nature = (logits[:, list(classes)].double().logsumexp(1) for classes in (BUILDINGS, NATURE))
        scores[low : low + BATCH] = torch.sigmoid(buildings - nature).numpy().round(4)
    return scores


@cache
def _network() -> SqueezeNet:
    if multiprocessing.parent_process():
        torch.set_num_threads(1)  # a worker process; there is one per core
    return squeezenet(torch.device("cpu"))
