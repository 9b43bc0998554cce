"""Retry-After in all its forms, and refusals that carry what the caller needs."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.answers import refusal, retry_after, shorten
from connectors.core.calls import Answer
from tests.unit.connectors.core.senders import look, write

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONGEST = timedelta(minutes=5)

CASES = {
    "5": timedelta(seconds=5),
    " 5 ": timedelta(seconds=5),
    "0": timedelta(),
    "300": LONGEST,
    "301": LONGEST,
    "99999999999999999999": LONGEST,
    "-1": None,
    "1.5": None,
    "²": None,
    "soon": None,
    "": None,
    format_datetime(NOW + timedelta(seconds=30), usegmt=True): timedelta(seconds=30),
    format_datetime(NOW - timedelta(days=1), usegmt=True): timedelta(),
    "Fri, 31 Dec 9999 23:59:59 GMT": LONGEST,
    "Fri, 31 Foo 2026 23:59:59 GMT": None,
    "Sun, 01 Mar 2026 12:00:10": timedelta(seconds=10),
}


@pytest.mark.parametrize(("value", "expected"), CASES.items())
def test_retry_after_is_read_and_bounded(value: str, expected: timedelta | None) -> None:
    assert retry_after(value, now=NOW, longest=LONGEST) == expected


def test_no_retry_after_is_no_wish() -> None:
    assert retry_after(None, now=NOW, longest=LONGEST) is None


@given(st.text())
def test_no_retry_after_breaks_anything(value: str) -> None:
    wait = retry_after(value, now=NOW, longest=LONGEST)

    assert wait is None or timedelta() <= wait <= LONGEST


@pytest.mark.parametrize(
    ("status", "of_write", "of_read"),
    [
        (301, errors.ConfigurationError, errors.ConfigurationError),
        (400, errors.RejectedPayloadError, errors.RejectedPayloadError),
        (401, errors.UnauthorizedError, errors.UnauthorizedError),
        (403, errors.UnauthorizedError, errors.UnauthorizedError),
        (404, errors.NotFoundError, errors.NotFoundError),
        (405, errors.ConfigurationError, errors.ConfigurationError),
        (408, errors.UnknownOutcomeError, errors.TargetUnavailableError),
        (409, errors.ConflictError, errors.ConflictError),
        (412, errors.ConflictError, errors.ConflictError),
        (418, errors.PermanentError, errors.PermanentError),
        (422, errors.RejectedPayloadError, errors.RejectedPayloadError),
        (429, errors.RateLimitedError, errors.RateLimitedError),
        (500, errors.UnknownOutcomeError, errors.TargetUnavailableError),
        (501, errors.ConfigurationError, errors.ConfigurationError),
        (503, errors.TargetUnavailableError, errors.TargetUnavailableError),
        (700, errors.ConfigurationError, errors.ConfigurationError),
    ],
)
def test_a_status_means_what_the_caller_must_do(
    status: int, of_write: type[errors.ConnectorError], of_read: type[errors.ConnectorError]
) -> None:
    answer = Answer(status=status, headers={}, body=b"", took=timedelta(seconds=1))

    assert type(refusal(write(), answer, "said")) is of_write
    assert type(refusal(look(), answer, "said")) is of_read
    assert "said" in str(refusal(look(), answer, "said"))


def test_what_a_target_says_is_one_bounded_printable_line() -> None:
    assert shorten("a\r\nb\x1b[31m\x00 c") == "a b [31m c"
    assert len(shorten("x" * 10_000)) == 501


def test_an_answer_knows_its_media_type() -> None:
    typed = Answer(status=200, headers={"content-type": "Application/JSON; charset=utf-8"}, body=b"", took=timedelta())
    silent = Answer(status=200, headers={}, body=b"", took=timedelta())

    assert (typed.media_type, silent.media_type) == ("application/json", "")
