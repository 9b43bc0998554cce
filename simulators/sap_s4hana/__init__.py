"""A stand-in for SAP S/4HANA (API_SALES_ORDER_SRV, OData V2)."""

from simulators.sap_s4hana.server import SapS4HanaSimulator, main
from simulators.sap_s4hana.settings import Settings

__all__ = ["SapS4HanaSimulator", "Settings", "main"]
