"""A stand-in for NetSuite's SuiteTalk REST (sales orders and what hangs on them)."""

from simulators.netsuite.server import NetSuiteSimulator, main
from simulators.netsuite.settings import Settings

__all__ = ["NetSuiteSimulator", "Settings", "main"]
