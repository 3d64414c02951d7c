import pytest
import torch
from torch import Tensor

from train.augment import augment, color, cut_out, move


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int, size: int = 16) -> Tensor:
    return torch.rand(n, 3, size, size, generator=rng(1)) * 2 - 1


ALL = ("flip", "color", "translation", "cutout")


def test_nothing_asked_for_changes_nothing() -> None:
    given = images(4)
    assert augment(given, (), rng()) is given


def test_the_gradient_passes_through() -> None:
    given = images(2, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augment(x, ALL, rng(3)), (given,))


def test_equal_generators_give_equal_changes() -> None:
    given = images(8)
    torch.testing.assert_close(augment(given, ALL, rng(4)), augment(given, ALL, rng(4)), rtol=0, atol=0)
    assert not torch.equal(augment(given, ALL, rng(4)), augment(given, ALL, rng(5)))


def test_half_of_the_images_are_mirrored() -> None:
    given = images(400, 8)
    moved = move(given, rng(), flip=True, shift=0)
    mirrored = [torch.equal(after, before.flip(-1)) for before, after in zip(given, moved, strict=True)]
    same = [torch.equal(after, before) for before, after in zip(given, moved, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 150 < sum(mirrored) < 250


def test_shifts_are_whole_pixels_up_to_an_eighth_and_bring_in_zeros() -> None:
    given = images(300, 16)
    moved = move(given, rng(), flip=False, shift=1 / 8)
    seen = set()
    for before, after in zip(given, moved, strict=True):
        padded = torch.nn.functional.pad(before, (2, 2, 2, 2))
        fits = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if torch.equal(after, padded[:, 2 + dy : 18 + dy, 2 + dx : 18 + dx])
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25


def test_the_hole_is_a_square_of_half_the_side_cut_off_at_the_border() -> None:
    holes = cut_out(torch.ones(500, 1, 16, 16), rng()) == 0
    heights, widths = holes.any(3).sum(2).flatten(), holes.any(2).sum(2).flatten()
    assert torch.equal(holes.sum((1, 2, 3)), heights * widths)
    assert heights.max() == widths.max() == 8
    assert heights.min() == widths.min() == 4  # its centre never leaves the image
    assert holes.float().mean((0, 1)).min() > 0


@pytest.mark.parametrize("channel", range(3))
def test_color_changes_levels_but_no_shapes(channel: int) -> None:
    given = images(50)
    changed = color(given, rng())
    grey, changed_grey = given.mean(1), changed.mean(1)
    # The mean over channels goes through brightness and contrast alone: an affine map, with a slope in [0.5, 1.5).
    slope = (changed_grey[:, 0, 0] - changed_grey[:, 3, 5]) / (grey[:, 0, 0] - grey[:, 3, 5])
    assert slope.min() >= 0.499
    assert slope.max() < 1.501
    # Saturation scales the distance from grey by a factor in [0, 2) of that.
    ratio = (changed - changed_grey[:, None])[:, channel, 0, 0] / (given - grey[:, None])[:, channel, 0, 0] / slope
    assert ratio.min() >= -0.01
    assert ratio.max() < 2.01
    assert ratio.std() > 0.3


@pytest.mark.parametrize(
    "change", [color, cut_out, lambda *given: move(given[0], given[1], flip=False, shift=1 / 8, strength=given[2])]
)
def test_strength_is_the_share_of_images_that_change(change) -> None:
    given = images(400, 8)
    for strength in (0.0, 0.3, 1.0):
        changed = change(given, rng(), torch.tensor(strength))
        share = (changed - given).abs().amax((1, 2, 3)).gt(1e-5).float().mean().item()
        assert share == pytest.approx(
            strength * (8 / 9 if change is not color and change is not cut_out else 1), abs=0.07
        )
