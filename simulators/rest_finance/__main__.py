"""Lets `python -m simulators.rest_finance` start the simulator."""

import sys

from simulators.rest_finance.server import main

if __name__ == "__main__":
    sys.exit(main())
