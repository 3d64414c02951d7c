import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from common.errors import UserError
from train import export
from train.gan import Gan
from train.latents import draw
from train.networks import Generator
from train.recipe import Recipe

pytestmark = pytest.mark.integration

METADATA = {"facades": '{"recipe": "é"}'}


def generator(size: int = 64) -> Generator:
    return Gan(Recipe(width_g=8), size, torch.device("cpu"), "fp32").published_generator()


@pytest.mark.parametrize("size", [32, 64])
def test_onnx_runtime_draws_what_torch_draws_at_any_batch_size(size: int) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    network = generator(size)
    session = onnxruntime.InferenceSession(export.onnx(network, METADATA))
    for n in (1, 7):
        z = draw(n, network.latent, seed=5)[:, :, None, None]
        (images,) = session.run(["images"], {"z": z.numpy()})
        expected = network(z)
        assert images.shape == (n, 3, size, size)
        assert expected.std() > 0.05
        assert (torch.from_numpy(images) - expected).abs().max() <= 1e-4
    assert session.get_modelmeta().custom_metadata_map == METADATA


def test_onnx_bytes_are_equal_each_time_and_name_no_file_of_this_machine() -> None:
    pytest.importorskip("onnx", reason="needs the extra `onnx`")
    data = export.onnx(generator(), METADATA)
    assert data == export.onnx(generator(), METADATA)
    assert str(Path(torch.__file__).parent).encode() not in data
    assert str(Path(export.__file__).parents[1]).encode() not in data


def test_without_its_packages_onnx_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        sys.modules, "onnxruntime", None
    )  # what Python itself does for a package that must not be found
    with pytest.raises(UserError, match=r"^(onnx|onnxscript|onnxruntime): not installed; expected the extra `onnx`"):
        export.onnx(generator(), METADATA)


def test_torchscript_draws_what_torch_draws_and_carries_its_metadata() -> None:
    network = generator()
    files = {"metadata.json": ""}
    with pytest.warns(FutureWarning):
        script = torch.jit.load(io.BytesIO(export.torchscript(network, METADATA)), _extra_files=files)
    z = draw(3, network.latent, seed=5)[:, :, None, None]
    assert torch.equal(script(z), network(z))
    assert json.loads(files["metadata.json"]) == METADATA


@pytest.mark.slow
def test_torchscript_names_no_source_file_of_this_machine() -> None:
    with zipfile.ZipFile(io.BytesIO(export.torchscript(generator(), METADATA))) as records:
        contents = {name: records.read(name) for name in records.namelist()}
    assert "constants.pkl" in {name.rpartition("/")[2] for name in contents}
    for folder in (Path(export.__file__).parent, Path(torch.__file__).parent):
        assert [name for name, content in contents.items() if str(folder).encode() in content] == []


def test_torchscript_bytes_are_equal_from_process_to_process() -> None:
    program = (
        "import hashlib, torch; from train import export; from train.gan import Gan; from train.recipe import Recipe;"
        "network = Gan(Recipe(width_g=8), 64, torch.device('cpu'), 'fp32').published_generator();"
        "print(hashlib.sha256(export.torchscript(network, {})).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_an_export_that_draws_something_else_is_refused() -> None:
    network = generator()
    z = draw(export.CHECKED, network.latent, seed=0)[:, :, None, None]
    with pytest.raises(RuntimeError, match=r"ONNX: images differ"):
        export._check("ONNX", network, network(z) + 2e-4)
    with pytest.raises(RuntimeError, match=r"ONNX: images differ"):
        export._check("ONNX", network, network(z) * torch.nan)
