"""A stand-in for a carrier that books parcels over the neutral REST contract."""

from simulators.rest_carrier.server import RestCarrierSimulator, main
from simulators.rest_carrier.settings import Settings

__all__ = ["RestCarrierSimulator", "Settings", "main"]
