from pathlib import Path

import torch
from PIL import Image, ImageSequence
from scipy.spatial import geometric_slerp

from train import interpolate
from train.latents import draw
from train.mark import Mark


def test_slerp_turns_as_scipy_does() -> None:
    z = torch.nn.functional.normalize(draw(2, 100, seed=0).double(), dim=1)
    t = torch.linspace(0, 1, 11)
    expected = geometric_slerp(z[0].numpy(), z[1].numpy(), t.numpy())
    assert torch.allclose(interpolate.slerp(z[0], z[1], t).double(), torch.from_numpy(expected), atol=1e-6)


def test_slerp_from_a_latent_to_itself_stays_there() -> None:
    (z,) = draw(1, 100, seed=0)
    assert torch.allclose(interpolate.slerp(z, z, torch.linspace(0, 1, 5)), z.expand(5, 100))


def test_a_path_passes_every_stop_closes_and_never_leaves_the_shell_of_its_stops() -> None:
    stops = draw(4, 100, seed=0)
    path = interpolate.path(stops, 10)
    assert path.shape == (40, 100)
    assert torch.equal(path[::10], stops)
    steps = (path - path.roll(1, dims=0)).norm(dim=1)
    assert steps.max() < 2 * steps.min()  # the last step back to the first stop is like any other
    assert path.norm(dim=1).min() > 0.99 * stops.norm(dim=1).min()


def test_a_gif_shows_every_frame_enlarged_and_has_equal_bytes_each_time(tmp_path: Path) -> None:
    ramp = torch.arange(32).expand(3, 32, 32) * 8
    images = torch.stack([ramp.roll(k, dims=2) for k in range(5)]).to(torch.uint8)
    for name in ("a.gif", "b.gif"):
        interpolate.save_gif(images, tmp_path / name, Mark())
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as gif:
        assert (len(ImageSequence.all_frames(gif)), gif.size, gif.info["loop"]) == (5, (128, 128), 0)
        for k in range(5):
            gif.seek(k)
            assert gif.info["duration"] == interpolate.FRAME_MS
            shown = torch.frombuffer(bytearray(gif.convert("RGB").tobytes()), dtype=torch.uint8).view(128, 128, 3)
            # 32 colours fit a palette of 256: every pixel is exact.
            assert torch.equal(shown[::4, ::4].permute(2, 0, 1), images[k])
            assert torch.equal(shown[3::4, 3::4], shown[::4, ::4])
