"""The layers of a network with the types that nn.Sequential does not know."""

from torch import Tensor, nn


def weight(network: nn.Sequential, layer: int = 0) -> Tensor:
    """Return the weight itself, not a copy."""
    found = network[layer].weight
    assert isinstance(found, Tensor)
    return found
