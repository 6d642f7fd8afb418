"""Time from a program's start to a text on its terminal, in microseconds, on a pseudo terminal of its own.

    first_paint.py --until TEXT PROGRAM [ARGUMENTS...]

Prints one number.  Exit code 1 when the text does not come within ten seconds.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT_SECONDS = 10.0


def first_paint(words: list[str], until: bytes) -> float | None:
    """Return the seconds until the bytes ``until`` appear, or None; the program is ended afterwards."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(words[0], words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    seen = b""
    try:
        while (passed := time.perf_counter() - began) < LIMIT_SECONDS:
            if select.select([terminal], [], [], LIMIT_SECONDS - passed)[0]:
                seen += os.read(terminal, 65536)
            if until in seen:
                return time.perf_counter() - began
    except OSError:  # the program has ended and its terminal is gone
        pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(child, 0)
    return None


def main() -> int:
    """Measure the program on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--until", required=True)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    seconds = first_paint(options.words, options.until.encode())
    if seconds is None:
        return 1
    print(round(seconds * 1e6))
    return 0


if __name__ == "__main__":
    sys.exit(main())
