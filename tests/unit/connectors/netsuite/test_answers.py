"""What each kind of refusal tells the caller to do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.calls import Answer, Call
from connectors.core.paths import path
from connectors.netsuite import answers, wire

SAVE = Call(operation="save-sales-order", method="PUT", path=path("x"), effect=True)
FIND = Call(operation="find-sales-order", method="GET", path=path("x"), effect=False)


def answer(status: int, *details: dict[str, str], took_s: float = 1, wait: timedelta | None = None) -> Answer:
    body = json.dumps({"title": "Refused", "status": status, "o:errorDetails": details}).encode()
    return Answer(status=status, headers={}, body=body, took=timedelta(seconds=took_s), retry_after=wait)


def page(status: int, took_s: float = 1) -> Answer:
    body = b"<html><h1>Sorry</h1> canary</html>"
    return Answer(status=status, headers={"content-type": "text/html"}, body=body, took=timedelta(seconds=took_s))


def detail(code: str, text: str = "No.", **more: str) -> dict[str, str]:
    return {"detail": text, "o:errorCode": code, **{f"o:{name}": value for name, value in more.items()}}


def told(call: Call, refused: Answer, hidden: tuple[str, ...] = ()) -> errors.ConnectorError:
    with pytest.raises(errors.ConnectorError) as raised:
        answers.read(call, refused, lambda one: wire.decode_record(one.body), hidden=hidden)
    return raised.value


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        (SAVE, answer(400, detail("USER_ERROR")), errors.RejectedPayloadError),
        (SAVE, answer(400, detail("INVALID_CONTENT")), errors.RejectedPayloadError),
        (SAVE, answer(422, detail("INVALID_CONTENT")), errors.RejectedPayloadError),
        (SAVE, answer(400), errors.RejectedPayloadError),
        (SAVE, answer(400, detail("SSS_REQUEST_LIMIT_EXCEEDED")), errors.RateLimitedError),
        (SAVE, answer(403, detail("SSS_REQUEST_LIMIT_EXCEEDED")), errors.RateLimitedError),
        (SAVE, answer(429, detail("CONCURRENCY_LIMIT_EXCEEDED")), errors.RateLimitedError),
        (SAVE, page(429), errors.RateLimitedError),
        (SAVE, answer(403, detail("INSUFFICIENT_PERMISSION")), errors.ConfigurationError),
        (SAVE, answer(400, detail("INSUFFICIENT_PERMISSION")), errors.ConfigurationError),
        (SAVE, answer(403, detail("SOMETHING_ELSE")), errors.ConfigurationError),
        (FIND, answer(401, detail("INVALID_LOGIN")), errors.UnauthorizedError),
        (FIND, answer(401, detail("SOMETHING_ELSE")), errors.UnauthorizedError),
        (SAVE, answer(400, detail("INVALID_LOGIN_ATTEMPT")), errors.UnauthorizedError),
        (SAVE, answer(400, detail("RCRD_HAS_BEEN_CHANGED")), errors.ConflictError),
        (SAVE, answer(400, detail("DUP_RCRD")), errors.ConflictError),
        (SAVE, answer(409, detail("SOMETHING_ELSE")), errors.ConflictError),
        (FIND, answer(404, detail("NONEXISTENT_ID")), errors.NotFoundError),
        (SAVE, answer(400, detail("RCRD_DSNT_EXIST")), errors.NotFoundError),
        (FIND, answer(404, detail("INVALID_URL")), errors.ConfigurationError),
        (FIND, answer(404), errors.ConfigurationError),
        (FIND, page(404), errors.ConfigurationError),
        (FIND, page(410), errors.ConfigurationError),
        (SAVE, page(302), errors.ConfigurationError),
        (SAVE, answer(405, detail("METHOD_NOT_ALLOWED")), errors.ConfigurationError),
        (SAVE, answer(500, detail("UNEXPECTED_ERROR")), errors.UnknownOutcomeError),
        (SAVE, page(500), errors.UnknownOutcomeError),
        (FIND, answer(500, detail("UNEXPECTED_ERROR")), errors.TargetUnavailableError),
        (SAVE, page(503), errors.TargetUnavailableError),
        (SAVE, page(503, took_s=6), errors.UnknownOutcomeError),
        (SAVE, answer(503, detail("UNEXPECTED_ERROR"), took_s=6), errors.UnknownOutcomeError),
        (FIND, page(503, took_s=6), errors.TargetUnavailableError),
        (SAVE, page(200), errors.UnknownOutcomeError),
        (FIND, page(200), errors.TargetUnavailableError),
    ],
)
def test_who_is_to_blame_decides_the_class(call: Call, given: Answer, expected: type[errors.ConnectorError]) -> None:
    error = told(call, given)

    assert type(error) is expected
    assert "canary" not in str(error)


def test_a_refused_order_names_every_field_that_netsuite_named() -> None:
    refused = answer(
        400,
        detail("INVALID_CONTENT", errorPath="item.items[0].item"),
        detail("USER_ERROR"),
        detail("INVALID_CONTENT", errorQueryParam="replace"),
        detail("INVALID_CONTENT", errorHeader="Prefer"),
    )

    error = told(SAVE, refused)

    assert isinstance(error, errors.RejectedPayloadError)
    assert error.fields == ("item.items[0].item", "replace", "Prefer")
    assert "INVALID_CONTENT at item.items[0].item: No." in str(error)


def test_a_missing_permission_is_named() -> None:
    text = "Permission Violation: You need the 'Transactions -> Sales Order' permission to access this page."

    assert "Transactions -> Sales Order" in str(told(SAVE, answer(403, detail("INSUFFICIENT_PERMISSION", text))))


def test_too_many_calls_hand_the_wait_on() -> None:
    error = told(SAVE, answer(400, detail("SSS_REQUEST_LIMIT_EXCEEDED"), wait=timedelta(seconds=7)))

    assert isinstance(error, errors.RateLimitedError)
    assert error.retry_after == timedelta(seconds=7)


def test_what_a_refusal_quotes_of_a_person_is_not_told() -> None:
    text = "Invalid email BUYER@example.com of Test Buyer, 1 Example Street, Zip 62701, State IL"
    hidden = ("buyer@example.com", "Test Buyer", "Buyer", "1 Example Street", "62701", "", "IL")

    error = told(SAVE, answer(400, detail("USER_ERROR", text)), hidden)

    assert "Invalid email … of …, …, Zip …, State IL" in str(error)


def test_only_whole_words_are_taken_out() -> None:
    assert answers.without("The customer Tom has a custom tomato", ("tom",)) == "The customer … has a custom tomato"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = (
    st.binary(max_size=50)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"o:errorDetails": json_values}).map(lambda value: json.dumps(value).encode())
    | st.lists(st.fixed_dictionaries({"detail": st.text(), "o:errorCode": st.text()}), max_size=3).map(
        lambda value: json.dumps({"o:errorDetails": value}).encode()
    )
)


@given(st.integers(300, 599), bodies, st.sampled_from([SAVE, FIND]))
def test_no_body_whatsoever_leaves_the_tree(status: int, body: bytes, call: Call) -> None:
    refused = Answer(status=status, headers={}, body=body, took=timedelta(seconds=1))

    error = told(call, refused)

    assert error.status == status
    assert len(str(error)) < 700
    assert call.effect or not isinstance(error, errors.UnknownOutcomeError)


def test_an_answer_is_read() -> None:
    good = Answer(status=200, headers={}, body=b'{"id": "7", "tranId": "SO7"}', took=timedelta())
    value: Any = answers.read(FIND, good, lambda one: wire.decode_record(one.body))

    assert value.tran_id == "SO7"
