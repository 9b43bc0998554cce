"""A stand-in for an accounting system that books documents over the neutral REST contract."""

from simulators.rest_finance.server import RestFinanceSimulator, main
from simulators.rest_finance.settings import Settings

__all__ = ["RestFinanceSimulator", "Settings", "main"]
