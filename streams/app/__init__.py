"""The composition root: settings and connectors in, a Faust app with its flows and sinks out.

Nothing here decides anything; it is the only package that knows all the others.
"""

from streams.app.application import Application
from streams.app.preparation import PreparationError, prepare

__all__ = ["Application", "PreparationError", "prepare"]
