"""Becomes another program on one core: `python pinned.py CORE PROGRAM ARGUMENT…`."""

import os
import sys

if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    os.execvp(sys.argv[2], sys.argv[2:])
