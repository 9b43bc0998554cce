"""A stand-in for a Salesforce org: the part of its REST API that keeps accounts, orders and lines."""

from simulators.salesforce.server import SalesforceSimulator, main
from simulators.salesforce.settings import Settings

__all__ = ["SalesforceSimulator", "Settings", "main"]
