"""How much of a facade a picture has, by what a network that was trained on other pictures takes it for."""

import multiprocessing
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models import SqueezeNet

from curate.schemas import SQUARE_SIDE
from curate.squeezenet import MEAN_BGR, squeezenet

BATCH = 16  # always: the last bits of a convolution depend on how many pictures it is given, not on which

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
"""The classes of ImageNet (ILSVRC 2012) that are buildings or parts of their fronts, by their numbers."""

NATURE = (*range(398), 970, *range(972, 981), *range(984, 999))
"""Animals; alp, cliff, coral reef, geyser, lakeside, promontory, sandbar, seashore, valley, volcano; plants, fungi."""


@torch.inference_mode()
def score(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Buildings' share, 0 to 1, of the probability that SqueezeNet gives to buildings and to nature together.

    Zero-shot: the classes are chosen by their names, nothing is fitted. What else a picture may show (cars, furniture,
    people) speaks neither for nor against it.

    Args:
        squares: uint8, n × 3 × SQUARE_SIDE × SQUARE_SIDE, sRGB.

    Returns:
        n values, rounded to 4 places to hide a CPU's last bit; each is what it would be alone.

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
        torch.set_num_threads(1)  # one of several processes, as many as there are cores
    return squeezenet(torch.device("cpu"))
