"""The registry of the other warehouse's tests."""

from tests.unit.simulators.wms.conftest import registry

__all__ = ["registry"]
