"""Images a second and peak memory of a whole crawl, beside img2dataset and Scrapy's FilesPipeline, in one run.

    python benchmarks/crawl.py [--images 5000] [--rounds 3] [--many 50000] [--only ours files img2dataset]

nginx (Debian: apt install nginx-light) serves JPEGs of about 60 KB on loopback, all different. Each crawler is a
process of its own, timed from its start to its end, and ends with every image on disk: ours in a WARC archive with its
tables, FilesPipeline as files, img2dataset (2 processes × 32 threads, neither resized nor encoded again) as Parquet.
Rounds are interleaved. img2dataset is installed into a folder of its own at the first run. `--many` crawls so many
images with ours alone, to see whether memory grows.
"""

import argparse
import getpass
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).parents[1]
PORT = 18080
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "facades-benchmarks/img2dataset-1.47.0"

OURS = """
import sys
from pathlib import Path
from crawler.crawl import crawl
from crawler.settings import CrawlSettings, Limits
from crawler.spiders.urls import UrlsParams
entry = UrlsParams(kind="urls", file=sys.argv[1], license="CC0-1.0", allow_private=True)
settings = CrawlSettings(contact="https://benchmark.invalid/", limits=Limits(per_host=64, delay=0))
crawl("bench", entry, settings, Path(sys.argv[2]), Path(sys.argv[2] + ".work"), lambda done, total, note: None)
"""

EXTRACT = """
import sys
from pathlib import Path
from crawler.extract import extract
from crawler.spiders.urls import UrlsParams
entry = UrlsParams(kind="urls", file=sys.argv[1], license="CC0-1.0", allow_private=True)
extract(entry, Path(sys.argv[2]), Path(sys.argv[3]), lambda done, total, note: None)
"""

FILES = """
import sys
from pathlib import Path
import scrapy
from scrapy.crawler import CrawlerProcess

class Files(scrapy.Spider):
    name = "files"
    custom_settings = {
        "ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1}, "FILES_STORE": sys.argv[2], "LOG_ENABLED": False,
        "CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0, "CONCURRENT_ITEMS": 100,
    }
    async def start(self):
        for url in Path(sys.argv[1]).read_text().split():
            yield {"file_urls": [url]}

process = CrawlerProcess()
process.crawl(Files)
process.start()
"""

IMG2DATASET = """
import sys
from img2dataset import download
if __name__ == "__main__":
    download(url_list=sys.argv[1], output_folder=sys.argv[2], output_format="parquet", input_format="txt",
        processes_count=2, thread_count=32, resize_mode="no", disable_all_reencoding=True, enable_wandb=False)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=["ours", "files", "img2dataset"])
    arguments = parser.parse_args()
    if not shutil.which("nginx"):
        sys.exit("missing: nginx (Debian: apt install nginx-light)")
    scripts = {"ours": OURS, "files": FILES, "img2dataset": IMG2DATASET}
    with tempfile.TemporaryDirectory() as temp, served(Path(temp), max(arguments.images, arguments.many)) as base:
        folder = Path(temp)
        urls = listed(folder / "urls.txt", base, arguments.images)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in arguments.only}
        extracted = []
        for number in range(arguments.rounds):
            for name in arguments.only:
                out = folder / f"{name}-{number}"
                found[name].append(timed(python(name), scripts[name], urls, out))
                if name == "ours":
                    extracted.append(timed(sys.executable, EXTRACT, urls, out, folder / "images.parquet")[0])
                shutil.rmtree(out)
        tell(found, arguments.images)
        if extracted:
            rate = arguments.images / statistics.median(extracted)
            print(f"extract: {rate:.0f} images/s, the whole process")
        if arguments.many:
            many = listed(folder / "many.txt", base, arguments.many)
            seconds, peak = timed(sys.executable, OURS, many, folder / "many")
            print(f"ours, {arguments.many:,} images: {arguments.many / seconds:.0f} images/s, peak {peak:.0f} MB")
            seconds, peak = timed(sys.executable, EXTRACT, many, folder / "many", folder / "images.parquet")
            print(f"extract of these: {arguments.many / seconds:.0f} images/s, peak {peak:.0f} MB")


def tell(found: dict[str, list[tuple[float, float]]], images: int) -> None:
    print(f"{'':12} {'images/s':>10} {'peak MB':>9}   ours is faster by, round by round")
    for name, runs in found.items():
        rate = images / statistics.median(seconds for seconds, _ in runs)
        peak = max(peak for _, peak in runs)
        ratios = [own[0] for own in runs]
        versus = [f"{theirs / ours[0]:.2f}" for theirs, ours in zip(ratios, found.get("ours", []), strict=False)]
        print(f"{name:12} {rate:10.0f} {peak:9.0f}   {' '.join(versus) if name != 'ours' else ''}")


def timed(interpreter: str, script: str, *arguments: Path) -> tuple[float, float]:
    """Seconds of a whole process, and the most memory that it and its children held together, in MB."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_ALBUMENTATIONS_UPDATE": "1"}
    with tempfile.TemporaryDirectory() as temp, tempfile.TemporaryFile() as said:
        file = Path(temp) / "program.py"
        file.write_text(script)
        started = time.perf_counter()
        process = subprocess.Popen([interpreter, file, *map(str, arguments)], env=env, stdout=said, stderr=said)
        peak = [0.0]
        watch = threading.Thread(target=_watch, args=(process.pid, peak))
        watch.start()
        code = process.wait()
        seconds = time.perf_counter() - started
        watch.join()
        if code:
            said.seek(0)
            sys.exit(said.read().decode()[-2000:])
    return seconds, peak[0]


def _watch(pid: int, peak: list[float]) -> None:
    try:
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            held = 0
            for one in [process, *process.children(recursive=True)]:
                try:
                    held += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], held / 1e6)
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        pass


def python(name: str) -> str:
    if name != "img2dataset":
        return sys.executable
    if not (PEERS / "ready").exists():
        venv.create(PEERS, with_pip=True, clear=True)
        install = [PEERS / "bin/pip", "install", "--quiet", "--quiet", "img2dataset==1.47.0"]
        subprocess.run(install, check=True, cwd=PEERS, stderr=subprocess.DEVNULL)
        (PEERS / "ready").touch()
    return str(PEERS / "bin/python")


def listed(path: Path, base: str, images: int) -> Path:
    path.write_text("".join(f"{base}/{number}.jpg\n" for number in range(images)))
    return path


@contextmanager
def served(folder: Path, images: int) -> Iterator[str]:
    """JPEGs of about 60 KB, served by nginx."""
    site = folder / "site"
    site.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC).save(site / "base", "JPEG", quality=70)
    base = (site / "base").read_bytes()
    for number in range(images):
        # A comment segment makes each another file; it counts to 65,533 bytes.
        comment = b"%020d" % number
        body = base[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + base[2:]
        (site / f"{number}.jpg").write_bytes(body)
    (folder / "nginx.conf").write_text(
        # The folder is this user's alone; only root may say who serves it.
        f"{f'user {getpass.getuser()}; ' if os.getuid() == 0 else ''}"
        f"pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off; worker_processes 1;"
        " events { worker_connections 1024; }"
        f" http {{ access_log off; types {{ image/jpeg jpg; }} root {site}; sendfile on; keepalive_requests 100000;"
        f" client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;"
        f" uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;"
        f" server {{ listen 127.0.0.1:{PORT}; }} }}"
    )
    server = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{PORT}"
        for _ in range(50):
            try:
                urllib.request.urlopen(f"{url}/0.jpg").read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit("nginx does not answer")
        print(f"{images:,} JPEGs of {len(base) / 1000:.0f} KB", flush=True)
        yield url
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
