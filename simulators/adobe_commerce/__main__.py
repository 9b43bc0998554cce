"""Lets `python -m simulators.adobe_commerce` start the simulator."""

import sys

from simulators.adobe_commerce.server import main

if __name__ == "__main__":
    sys.exit(main())
