"""A network that fails on purpose: a TCP proxy with faults that are counted."""

from simulators.network.proxy import HOST, Proxy
from simulators.network.toxics import Kind, Toxic, Way

__all__ = ["HOST", "Kind", "Proxy", "Toxic", "Way"]
