"""Lets `python -m simulators.rest_wms` start the simulator."""

import sys

from simulators.rest_wms.server import main

if __name__ == "__main__":
    sys.exit(main())
