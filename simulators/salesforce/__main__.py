"""Lets `python -m simulators.salesforce` start the simulator."""

import sys

from simulators.salesforce.server import main

if __name__ == "__main__":
    sys.exit(main())
