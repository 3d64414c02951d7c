import pytest
import torch
from torch import Tensor

from train.augment import N_RANDOM, augment, color, cut_out, move


def uniform(n: int, columns: int = N_RANDOM, seed: int = 0) -> Tensor:
    return torch.rand(n, columns, generator=torch.Generator().manual_seed(seed))


def images(n: int, size: int = 16) -> Tensor:
    return uniform(n, 3 * size * size, seed=1).view(n, 3, size, size) * 2 - 1


ALL = ("flip", "color", "translation", "cutout")


def test_nothing_asked_for_changes_nothing() -> None:
    given = images(4)
    assert augment(given, (), uniform(4)) is given


def test_the_gradient_passes_through() -> None:
    given = images(2, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augment(x, ALL, uniform(2, seed=3)), (given,))


def test_each_image_is_changed_by_its_own_numbers_alone() -> None:
    given, u = images(8), uniform(8)
    whole = augment(given, ALL, u)
    parts = torch.cat([augment(given[:3], ALL, u[:3]), augment(given[3:], ALL, u[3:])])
    torch.testing.assert_close(whole, parts)
    assert not torch.equal(whole, augment(given, ALL, uniform(8, seed=5)))


def test_half_of_the_images_are_mirrored() -> None:
    given = images(400, 8)
    moved = move(given, None, uniform(400, 1)[:, 0])
    mirrored = [torch.equal(after, before.flip(-1)) for before, after in zip(given, moved, strict=True)]
    same = [torch.equal(after, before) for before, after in zip(given, moved, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 150 < sum(mirrored) < 250


def test_shifts_are_whole_pixels_up_to_an_eighth_and_bring_in_zeros() -> None:
    given = images(300, 16)
    moved = move(given, uniform(300, 2), None)
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
    holes = cut_out(torch.ones(500, 1, 16, 16), uniform(500, 2), torch.ones(500, dtype=torch.bool)) == 0
    heights, widths = holes.any(3).sum(2).flatten(), holes.any(2).sum(2).flatten()
    assert torch.equal(holes.sum((1, 2, 3)), heights * widths)
    assert heights.max() == widths.max() == 8
    assert heights.min() == widths.min() == 4  # its centre never leaves the image
    assert holes.float().mean((0, 1)).min() > 0


@pytest.mark.parametrize("channel", range(3))
def test_color_changes_levels_but_no_shapes(channel: int) -> None:
    given = images(50)
    changed = color(given, uniform(50, 3))
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


@pytest.mark.parametrize(("name", "most"), [("color", 1), ("translation", 24 / 25), ("cutout", 1)])
def test_p_is_the_fraction_of_images_that_change(name: str, most: float) -> None:
    given = images(400, 16)
    for strength in (0.0, 0.3, 1.0):
        changed = augment(given, (name,), uniform(400), torch.tensor(strength))
        share = (changed - given).abs().amax((1, 2, 3)).gt(1e-5).float().mean().item()
        assert share == pytest.approx(strength * most, abs=0.07)
