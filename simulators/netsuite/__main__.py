"""Lets `python -m simulators.netsuite` start the simulator."""

import sys

from simulators.netsuite.server import main

if __name__ == "__main__":
    sys.exit(main())
