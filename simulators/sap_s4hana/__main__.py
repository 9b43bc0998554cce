"""Lets `python -m simulators.sap_s4hana` start the simulator."""

import sys

from simulators.sap_s4hana.server import main

if __name__ == "__main__":
    sys.exit(main())
