"""Lets `python -m simulators.registry_front` start it."""

import sys

from simulators.registry_front.server import main

if __name__ == "__main__":
    sys.exit(main())
