"""Where no complete answer came: which class of the tree says what the caller must do.

The line that matters runs between "nothing left" and "something left": a write behind that line may have happened.
"""

import httpx

from connectors.core.calls import Call
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)

# The roots of everything that httpx raises.
HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)

_NOTHING_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_WRONG_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol)
_UNSENDABLE = (httpx.LocalProtocolError,)


def from_httpx(exc: Exception, call: Call, target: str) -> ConnectorError:
    """The error for an exception of `HTTPX_ERRORS`; to be raised `from exc`."""
    what = f"{target}: {call.operation}"
    if isinstance(exc, _WRONG_ADDRESS):
        return ConfigurationError(f"{what} has an address that cannot be called")
    if isinstance(exc, _UNSENDABLE):
        return RejectedPayloadError(f"{what} cannot be sent as HTTP", status=None)
    if isinstance(exc, _NOTHING_LEFT):
        return TargetUnavailableError(f"{what} did not reach the target: {exc}")
    return broken_off(f"{what} got no complete answer ({type(exc).__name__})", call)


def broken_off(message: str, call: Call) -> ConnectorError:
    """The request had begun to leave: unknown for an effect, a mere failure for a read."""
    if call.effect:
        return UnknownOutcomeError(message)
    return TargetUnavailableError(message)
