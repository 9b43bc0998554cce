"""Lets `python -m simulators.rest_carrier` start the simulator."""

import sys

from simulators.rest_carrier.server import main

if __name__ == "__main__":
    sys.exit(main())
