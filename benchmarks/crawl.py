"""Images a second and memory of a whole crawl, its archive written, beside img2dataset and Scrapy's FilesPipeline.

    python benchmarks/crawl.py [--images 5000] [--rounds 3] [--peers VENV] [--only NAME …]
    python benchmarks/crawl.py --failing 100000 --misbehaving SCRIPT

nginx on loopback serves JPEGs of about 60 KB; each crawler runs as a process of its own, in turn, and is measured from
its start to its end, its children included. On a machine that does other work as well, look at the images a CPU second.
`--peers` is a virtual environment with img2dataset; without it that line is missing. `--failing` crawls so many URLs of
a server that misbehaves in every way, half of which must fail. PORT in the environment is nginx's, or that server's.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
from PIL import Image

PORT = int(os.environ.get("PORT", "8970"))
FILES = 5000  # different ones; further URLs are of the same files, by another query
NBYTES = 60_000
LIMITS = {"delay": 0, "per_host": 64, "timeout": 5, "retries": 1}

NGINX = """pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1; daemon off;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 100000; types {{ image/jpeg jpg; }}
 client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4;
 scgi_temp_path {root}/t5;
 server {{ listen 127.0.0.1:{port} backlog=1024; root {root}/www; }} }}"""

FACADES = """
import json, sys, time
from pathlib import Path
from crawler.crawl import Folders, crawl
from crawler.registry import kind
from crawler.settings import CrawlSettings
out, listed, limits = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
entry = kind("urls").Params(kind="urls", file=listed, allow_private=True)
crawl("bench", entry, CrawlSettings(limits=limits), Folders(out / "archive", out / "work"), lambda *_: None)
"""
EXTRACT = """
import sys, time
from pathlib import Path
from crawler.extract import extract
from crawler.registry import kind
out, listed = Path(sys.argv[1]), sys.argv[2]
entry = kind("urls").Params(kind="urls", file=listed, allow_private=True)
started, worked = time.perf_counter(), time.process_time()
extract(entry, out / "archive", out / "images.parquet", lambda *_: None)
print(time.perf_counter() - started, time.process_time() - worked)
"""
PIPELINE = """
import sys
from scrapy import Spider
from scrapy.crawler import CrawlerProcess
class Bench(Spider):
    name = "bench"
    async def start(self):
        for url in open(sys.argv[2]):
            yield {"file_urls": [url.strip()]}
process = CrawlerProcess({
    "ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1}, "FILES_STORE": sys.argv[1],
    "CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": False,
})
process.crawl(Bench)
process.start()
"""

# Of a hundred URLs: what goes well, and every way in which it does not. The slow ways are rare: each takes its timeout.
WAYS = {
    "/ok.jpg": 38, "/nolen.jpg": 4, "/html.jpg": 4, "/empty.jpg": 4,
    "/404.jpg": 12, "/reset.jpg": 8, "/short.jpg": 8, "/loop.jpg": 2, "/file.jpg": 6, "/secret/a.jpg": 6,
    "/meta.jpg": 6, "/big.jpg?mb=3": 2,
}  # fmt: skip
RARE = {"/slow.jpg?s=30": 60, "/drip.jpg?s=1": 60, "/gzbomb.jpg": 60, "/endless.jpg": 60, "/503.jpg?n=9&ra=1": 10}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=os.environ.get("FACADES_PEERS"))
    parser.add_argument("--only", nargs="+", help="facades, FilesPipeline, img2dataset")
    parser.add_argument("--failing", type=int, help="so many URLs of a misbehaving server")
    parser.add_argument("--misbehaving", type=Path, help="that server: a script that takes a port")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="facades-bench-") as temp:
        if args.failing:
            failing(Path(temp), args.failing, args.misbehaving)
        else:
            compare(Path(temp), args.images, args.rounds, args.peers, args.only)


def compare(temp: Path, images: int, rounds: int, peers: Path | None, only: list[str] | None) -> None:
    commands = {
        "facades": [sys.executable, "-c", FACADES, "{out}", "{list}", json.dumps(LIMITS)],
        "FilesPipeline": [sys.executable, "-c", PIPELINE, "{out}", "{list}"],
    }
    if peers:
        words = "--url_list {list} --output_folder {out} --output_format parquet --resize_mode no --processes_count 2"
        more = "--disable_all_reencoding True --thread_count 32 --number_sample_per_shard 1000 --enable_wandb False"
        commands["img2dataset"] = [str(peers / "bin" / "img2dataset"), *words.split(), *more.split()]
    seconds: dict[str, list[float]] = {name: [] for name in only or commands}
    cpu: dict[str, list[float]] = {name: [] for name in seconds}
    peaks: dict[str, list[float]] = {name: [] for name in seconds}
    extracting = []
    with nginx(temp) as site:
        listed = temp / "list.txt"
        listed.write_text("".join(f"{site}/{n % FILES:05d}.jpg?{n // FILES}\n" for n in range(images)))
        for _ in range(rounds):
            for name in seconds:
                out = temp / "out"
                command = [word.replace("{out}", str(out)).replace("{list}", str(listed)) for word in commands[name]]
                took, worked, peak = measure(command)
                seconds[name].append(took)
                cpu[name].append(worked)
                peaks[name].append(peak)
                if name == "facades":
                    done = subprocess.run(
                        [sys.executable, "-c", EXTRACT, str(out), str(listed)],
                        capture_output=True,
                        text=True,
                        check=True,
                    )
                    extracting.append([float(word) for word in done.stdout.split()])
                    rows = pq.read_metadata(out / "images.parquet").num_rows
                    assert rows == min(images, FILES), rows
                shutil.rmtree(out)
    print(f"{images} images of {NBYTES // 1000} KB, {rounds} rounds, medians of whole processes")
    for name, rounds_took in seconds.items():
        median = float(np.median(rounds_took))
        a_cpu_second = images / float(np.median(cpu[name]))
        rates = f"{images / median:7.0f} images/s {a_cpu_second:7.0f} a CPU second"
        print(f"{name:14} {rates}  peak {max(peaks[name]):5.0f} MB")
    if extracting:
        clock, cpu_seconds = np.median(extracting, axis=0)
        print(f"{'extract':14} {images / clock:7.0f} images/s {images / cpu_seconds:7.0f} a CPU second")


def failing(temp: Path, urls: int, script: Path) -> None:
    site = f"http://127.0.0.1:{PORT}"
    paths = [path for path, count in WAYS.items() for _ in range(count)]
    lines = [paths[n % 100] for n in range(urls - sum(RARE.values()))]
    lines += [path for path, count in RARE.items() for _ in range(count)]
    np.random.default_rng(0).shuffle(lines)
    listed = temp / "list.txt"
    listed.write_text("".join(f"{site}{path}{'&' if '?' in path else '?'}u={n}\n" for n, path in enumerate(lines)))
    limits = {**LIMITS, "max_bytes": 1_000_000}
    with subprocess.Popen([sys.executable, script, str(PORT)], stderr=subprocess.DEVNULL) as server:
        try:
            wait(f"{site}/robots.txt")
            took, _, peak = measure([sys.executable, "-c", FACADES, str(temp / "out"), str(listed), json.dumps(limits)])
        finally:
            server.kill()
    fetches = pq.read_table(temp / "out/archive/fetches.parquet", filters=[("role", "=", "image")])
    assert len(fetches) == urls, len(fetches)
    print(f"{urls} URLs, every one with its outcome, in {took:.0f} s, peak {peak:.0f} MB")
    for outcome, count in Counter(fetches["outcome"].to_pylist()).most_common():
        print(f"{outcome:18} {count:7}")


def measure(command: list[str]) -> tuple[float, float, float]:
    """Seconds from start to end, CPU seconds, and the most memory in MB (PSS) at once; children included."""
    started, peak, before = time.monotonic(), 0.0, worked()
    with tempfile.TemporaryFile() as said:
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        while process.poll() is None:
            peak = max(peak, held(process))
            time.sleep(0.2)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{command[0]} ended with exit code {process.returncode}: {said.read().decode()[-2000:]}")
    return time.monotonic() - started, worked() - before, peak


def worked() -> float:
    """CPU seconds of all processes that ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def held(process: psutil.Process) -> float:
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            total += one.memory_full_info().pss
    except psutil.Error:  # it ended meanwhile
        pass
    return total / 1e6


@contextmanager
def nginx(root: Path) -> Iterator[str]:
    if not shutil.which("nginx"):
        sys.exit("missing: nginx (Debian: apt install nginx-light)")
    make_pictures(root / "www")
    (root / "nginx.conf").write_text(NGINX.format(root=root, port=PORT))
    root.chmod(0o755)  # its worker may be another user
    with subprocess.Popen(["nginx", "-c", root / "nginx.conf", "-p", root], stderr=subprocess.DEVNULL) as server:
        try:
            wait(f"http://127.0.0.1:{PORT}/00000.jpg")
            yield f"http://127.0.0.1:{PORT}"
        finally:
            server.terminate()


def make_pictures(folder: Path) -> None:
    """One picture, each time with another comment in it (a COM segment of JPEG), so that no two are equal."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC).save(folder / "base", "JPEG", quality=88)
    body = (folder / "base").read_bytes()
    for number in range(FILES):
        comment = b"\xff\xfe\x00\x0a" + f"{number:08d}".encode()
        (folder / f"{number:05d}.jpg").write_bytes(body[:2] + comment + body[2:])
    (folder / "base").unlink()


def wait(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url}: no answer")


if __name__ == "__main__":
    main()
