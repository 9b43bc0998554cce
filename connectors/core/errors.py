"""Every way a call to a target can fail, split by what the caller does next.

ConnectorError
├─ TransientError            wait, then try again in order
│  ├─ RateLimitedError       … not before `retry_after`
│  ├─ TargetUnavailableError the target is down or cannot be reached; nothing was done
│  └─ MaskedFailureError     the answer hides whether the cause lasts: try a few times, then split the request
├─ PermanentError            never send the same again: dead letter
│  ├─ RejectedPayloadError   the target names what is wrong
│  ├─ TooManyItemsError      split the request; `maximum` is what the target takes
│  └─ NotFoundError
├─ ConflictError             read again, decide again, once
├─ UnknownOutcomeError       the call may have had its effect: look, then adopt or send again (never for reads)
├─ LeaseLostError            nothing was sent: this worker may no longer speak for the key
└─ ConfigurationError        a person must act: at start exit 2, later the breaker says `needs-operator`
   └─ UnauthorizedError      the target refused the credential, also after a fresh token
"""

from datetime import timedelta
from typing import Literal


class ConnectorError(Exception):
    """A call to a target failed; raise one of the classes below, never this one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        if type(self) is ConnectorError:
            raise TypeError("ConnectorError is abstract: choose the class by what the caller does next")
        super().__init__(message)
        self.message = message
        self.status = status


class TransientError(ConnectorError):
    """The same call can succeed later, and this one had no effect or may be repeated."""


TooMany = Literal["rate", "at-once", "day"]
"""Of what there was too much: calls a second (or of a window), calls under way, calls of the day."""


class RateLimitedError(TransientError):
    """The target asked for fewer calls; `retry_after` is None where it did not say how long."""

    def __init__(
        self, message: str, *, retry_after: timedelta | None, status: int | None = 429, what: TooMany = "rate"
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after
        self.what: TooMany = what


class TargetUnavailableError(TransientError):
    """The request provably had no effect: refused connection, or an answer that says so; may carry Retry-After."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class LockedError(TransientError):
    """Another request holds what this one would change; the target itself is well, and nothing was changed."""


class MaskedFailureError(TransientError):
    """The target reports a failed save without saying whether the cause lasts."""


class PermanentError(ConnectorError):
    """The target will refuse this content every time."""


class RejectedPayloadError(PermanentError):
    """The content was refused; `fields` are the names or values that the target gave, as it gave them."""

    def __init__(self, message: str, *, fields: tuple[str, ...] = (), status: int | None = 400) -> None:
        super().__init__(message, status=status)
        self.fields = fields


class TooManyItemsError(PermanentError):
    """More items in one request than the target takes."""

    def __init__(self, message: str, *, maximum: int, status: int | None = 400) -> None:
        super().__init__(message, status=status)
        self.maximum = maximum


class NotFoundError(PermanentError):
    """What the request names does not exist at the target."""


class ConflictError(ConnectorError):
    """The thing changed since it was read."""


class UnknownOutcomeError(ConnectorError):
    """The request left and no usable answer came: it may have been carried out, or still be."""


class LeaseLostError(ConnectorError):
    """The sender's permit was refused before anything left."""


class ConfigurationError(ConnectorError):
    """Wrong address, credential, right or setting: nothing gets better by itself."""


class UnauthorizedError(ConfigurationError):
    """The credential was refused."""
