"""A door before a real schema registry, which can be made to fail."""

from simulators.registry_front.server import RegistryFront

__all__ = ["RegistryFront"]
