"""ONNX Runtime Web, which npm installs into node_modules/ beside this file; package.json pins its version."""

import hashlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from common.errors import UserError

VERSION = "1.30.0"
FOLDER = Path(__file__).parent / "node_modules/onnxruntime-web/dist"
SCRIPT = "ort.wasm.bundle.min.mjs"
WASM = "ort-wasm-simd-threaded.wasm"
SHA256 = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}

_EXPORTS = re.compile(r"\bexport\s*\{([^}]*)\};?\s*(//# sourceMappingURL=\S*\s*)?$")


@dataclass(frozen=True, slots=True)
class Runtime:
    """The two files of ONNX Runtime Web."""

    script: str  # defines `ort`, the API of the package, in the module into which it is pasted
    wasm: bytes  # the binary


def read(folder: Path = FOLDER) -> Runtime:
    """Read the runtime and verify that it is the pinned version.

    Raises:
        UserError: it is not installed, or its files are not those of VERSION.
    """
    return Runtime(script=_as_constant(_file(folder / SCRIPT).decode()), wasm=_file(folder / WASM))


def _file(path: Path) -> bytes:
    install = f"npm ci --ignore-scripts --prefix {shlex.quote(str(Path(__file__).parent))}"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: not found; expected onnxruntime-web {VERSION}, installed by: {install}") from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256[path.name]:
        expected = f"expected {SHA256[path.name]} (onnxruntime-web {VERSION}), installed by: {install}"
        raise UserError(f"{path}: found sha256 {digest}, {expected}")
    return data


def _as_constant(module: str) -> str:
    """Turn a module into one constant, `ort`, with its exports; its other names stay local."""
    found = _EXPORTS.search(module)
    assert found is not None, "the file is pinned, and this is how it ends"
    names = (name.split(" as ") for name in found[1].split(","))
    api = ", ".join(f"{outer}: {inner}" for inner, outer in names)
    return f"const ort = (() => {{\n{module[: found.start()]}\nreturn {{ {api} }};\n}})();\n"
