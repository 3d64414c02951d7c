"""Third-party servers on loopback, with real photographs."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "facades-servers"
"""What they install and build is kept here for the next time."""


@dataclass(frozen=True)
class Server:
    url: str
    root: Path  # its files
    photographs: tuple[Path, ...]


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[[str, int], Server]]:
    """Starts a server by the name of its script, with the first so many photographs."""
    with ExitStack() as running:

        def start(script: str, photographs: int) -> Server:
            command = _folder("FACADES_SERVERS", "../shared/servers") / script
            houses = sorted((_folder("FACADES_DATA", "../shared/data") / "houses").glob("*.jpg"))[:photographs]
            root = CACHE / f"test-{Path(script).stem}"
            pictures = root / "photographs"  # where they stay: the wiki links to them
            pictures.mkdir(parents=True, exist_ok=True)
            for house in houses:
                shutil.copy(house, pictures)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = str(free.getsockname()[1])
            done = subprocess.run([command, pictures, port, root], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"{script}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
            running.callback(_stop, root / "server.pid")
            return Server(f"http://127.0.0.1:{port}", root, tuple(houses))

        yield start


def _folder(variable: str, default: str) -> Path:
    folder = (REPOSITORY / os.environ.get(variable, default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: set {variable}")
    return folder


def _stop(pid: Path) -> None:
    os.killpg(int(pid.read_text()), signal.SIGTERM)
    pid.unlink()
