"""A stand-in for Adobe Commerce (REST, stock and the part of orders that stock depends on)."""

from simulators.adobe_commerce.server import AdobeCommerceSimulator, main
from simulators.adobe_commerce.settings import Settings

__all__ = ["AdobeCommerceSimulator", "Settings", "main"]
