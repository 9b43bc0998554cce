"""What an answer means to a call that makes another document each time it is carried out.

A gateway or a crash may come after the document was saved, and nobody says so: every 5xx leaves the outcome unknown,
however soon it came.  501 and 505 say that nothing was understood.
"""

from collections.abc import Callable
from typing import TypeVar

from connectors.adobe_commerce import answers
from connectors.core.calls import Answer, Call
from connectors.core.errors import MaskedFailureError, TargetUnavailableError, UnknownOutcomeError

T = TypeVar("T")

_SERVER_ERROR = 500


def read_create(call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The value of a good answer.

    Raises:
        MaskedFailureError: 400 "Could not save a shipment, …", or a firewall's page: look before anything is repeated.
        UnknownOutcomeError: every 5xx that stands for a failure, and an answer of 200 that cannot be used.
        ConnectorError: else as for every call.
    """
    try:
        return answers.read(call, answer, decode)
    except (MaskedFailureError, TargetUnavailableError) as exc:
        if answer.status < _SERVER_ERROR:
            raise
        raise UnknownOutcomeError(exc.message, status=exc.status) from exc
