"""Every failure is of one of the classes that say what the caller does next."""

import pytest

from connectors.core import errors
from connectors.core.errors import ConnectorError


def test_an_error_that_does_not_say_what_to_do_next_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="choose the class by what the caller does next"):
        ConnectorError("something is wrong")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RateLimitedError("slow down", retry_after=None), 429),
        (errors.RejectedPayloadError("no", fields=("sku",)), 400),
        (errors.TooManyItemsError("too many", maximum=20), 400),
        (errors.TargetUnavailableError("refused"), None),
        (errors.UnknownOutcomeError("no answer", status=504), 504),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_error_keeps_its_message_and_the_status_of_the_answer(error: ConnectorError, status: int | None) -> None:
    assert (error.message, error.status) == (str(error), status)
