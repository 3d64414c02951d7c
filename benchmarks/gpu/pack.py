"""Packs the photographs of buildings for `benchmarks.gpu --photographs`: 64×64, training and held-out ones, 27 MB.

    python -m benchmarks.gpu.pack photographs.npz

A machine with a GPU then needs neither the photographs nor the project's decoders. FACADES_DATA names their folder.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.gpu.bench import SIZE
from benchmarks.recipes import PHOTOGRAPHS, photographs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the file to write: images (uint8, N×3×64×64) and split (1: held out)")
    out = parser.parse_args().out
    parts = [photographs(PHOTOGRAPHS / part, SIZE).numpy() for part in ("train", "test")]
    split = np.repeat(np.arange(2, dtype=np.uint8), [len(part) for part in parts])
    np.savez_compressed(out, images=np.concatenate(parts), split=split)
    print(f"{out}: {len(parts[0])} training and {len(parts[1])} held-out photographs, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
