"""A stand-in for a warehouse system that takes pick tasks over the neutral REST contract."""

from simulators.rest_wms.server import RestWmsSimulator, main
from simulators.rest_wms.settings import Settings

__all__ = ["RestWmsSimulator", "Settings", "main"]
