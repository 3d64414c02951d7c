"""A process that paints: item numbers come in on stdin, one a line; pictures go out on stdout, each after its length.

It ends when stdin does, so it never outlives the process that started it, however that one dies.
"""

import signal
import sys
from struct import Struct

from crawler.spiders.demo.town.items import Town

LENGTH = Struct(">Q")
"""How a picture's length in bytes is written before it."""


def main(seed: int, buildings: int) -> None:
    # An interrupt at the terminal reaches the whole group: it is for the parent to end us.
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
