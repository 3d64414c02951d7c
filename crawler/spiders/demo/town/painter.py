"""A worker process that draws pictures: reads one item number per line on stdin, writes length and bytes to stdout.

It ends at the end of stdin, so it never outlives its parent process, however that ends.
"""

import signal
import sys
from struct import Struct

from crawler.spiders.demo.town.items import Town

LENGTH = Struct(">Q")
"""Format of the length in bytes that precedes each picture."""


def main(seed: int, buildings: int) -> None:
    # An interrupt at the terminal reaches the whole process group; the parent process ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    town = Town(seed, buildings)
    for line in sys.stdin.buffer:
        picture = town.picture(town.items[int(line)])
        try:
            sys.stdout.buffer.write(LENGTH.pack(len(picture)) + picture)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
