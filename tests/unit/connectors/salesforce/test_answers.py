"""What each kind of refusal tells the caller to do."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.calls import Answer, Call
from connectors.core.paths import path
from connectors.salesforce import answers, wire

WRITE = Call(operation="upsert-order", method="PATCH", path=path("/x"), effect=True)
QUERY = Call(operation="query", method="GET", path=path("/x"), effect=False)


def answer(status: int, body: object = None, *, took: float = 1) -> Answer:
    content = b"<html>no</html>" if body is None else json.dumps(body).encode()
    return Answer(status=status, headers={}, body=content, took=timedelta(seconds=took))


def told(call: Call, refused: Answer) -> errors.ConnectorError:
    with pytest.raises(errors.ConnectorError) as raised:
        answers.read(call, refused, wire.decode_orders)
    return raised.value


def said(code: str, *fields: str) -> list[dict[str, object]]:
    return [{"message": "canary", "errorCode": code, "fields": list(fields)}]


CASES = [
    (WRITE, answer(300, ["/services/data/v62.0/sobjects/Order/801"]), errors.RejectedPayloadError),
    (WRITE, answer(400, said("REQUIRED_FIELD_MISSING", "Name")), errors.RejectedPayloadError),
    (WRITE, answer(400, said("INVALID_FIELD")), errors.RejectedPayloadError),
    (WRITE, answer(400, said("FIELD_CUSTOM_VALIDATION_EXCEPTION")), errors.RejectedPayloadError),
    (WRITE, answer(400, said("SOMETHING_NEW")), errors.RejectedPayloadError),
    (WRITE, answer(400, said("DUPLICATE_VALUE")), errors.RejectedPayloadError),
    (WRITE, answer(400, said("DUPLICATE_VALUE", "Commerce_Id__c")), errors.ConflictError),
    (WRITE, answer(400, said("INVALID_FIELD_FOR_INSERT_UPDATE", "OrderId")), errors.ConflictError),
    (WRITE, answer(404, said("ENTITY_IS_DELETED")), errors.ConflictError),
    (WRITE, answer(400, said("UNABLE_TO_LOCK_ROW")), errors.LockedError),
    (QUERY, answer(400, said("QUERY_TIMEOUT")), errors.TransientError),
    (WRITE, answer(503, said("SERVER_UNAVAILABLE")), errors.TargetUnavailableError),
    (WRITE, answer(503, said("SERVER_UNAVAILABLE"), took=6), errors.UnknownOutcomeError),
    (QUERY, answer(503, said("SERVER_UNAVAILABLE"), took=6), errors.TargetUnavailableError),
    (WRITE, answer(403, said("REQUEST_LIMIT_EXCEEDED")), errors.RateLimitedError),
    (WRITE, answer(403, said("API_DISABLED_FOR_ORG")), errors.UnauthorizedError),
    (WRITE, answer(403, said("INSUFFICIENT_ACCESS_OR_READONLY")), errors.RejectedPayloadError),
    (WRITE, answer(403), errors.UnauthorizedError),
    (WRITE, answer(401, said("INVALID_SESSION_ID")), errors.UnauthorizedError),
    (WRITE, answer(404, said("NOT_FOUND")), errors.ConfigurationError),
    (WRITE, answer(410, said("UNSUPPORTED_API_VERSION")), errors.ConfigurationError),
    (WRITE, answer(410), errors.ConfigurationError),
    (WRITE, answer(400, said("STORAGE_LIMIT_EXCEEDED")), errors.ConfigurationError),
    (QUERY, answer(400, said("INVALID_FIELD")), errors.ConfigurationError),
    (QUERY, answer(400, said("MALFORMED_QUERY")), errors.ConfigurationError),
    (WRITE, answer(500, said("UNKNOWN_EXCEPTION")), errors.UnknownOutcomeError),
    (QUERY, answer(500, said("UNKNOWN_EXCEPTION")), errors.TargetUnavailableError),
    (WRITE, answer(200, {"records": []}), errors.UnknownOutcomeError),
    (QUERY, answer(200), errors.TargetUnavailableError),
]


@pytest.mark.parametrize(("call", "given_answer", "expected"), CASES)
def test_the_code_decides_before_the_status(
    call: Call, given_answer: Answer, expected: type[errors.ConnectorError]
) -> None:
    error = told(call, given_answer)

    assert type(error) is expected
    assert "canary" not in str(error)


def test_code_and_fields_are_told_and_words_are_not() -> None:
    error = told(WRITE, answer(400, said("STRING_TOO_LONG", "BillingCity", "the canary")))

    assert isinstance(error, errors.RejectedPayloadError)
    assert error.fields == ("BillingCity",)
    assert str(error) == "upsert-order answered 400: STRING_TOO_LONG (BillingCity)"


def test_a_code_that_is_no_word_is_not_repeated() -> None:
    assert "canary" not in str(told(WRITE, answer(400, said("the canary lives here"))))


@pytest.mark.parametrize("body", [{"id": "801"}, {"id": "801", "success": False}, {}, []])
def test_a_save_that_does_not_say_so_is_no_answer(body: object) -> None:
    with pytest.raises(errors.UnknownOutcomeError):
        answers.read_saved(WRITE, answer(200, body))


def test_an_update_may_be_answered_without_a_body() -> None:
    empty = Answer(status=204, headers={}, body=b"", took=timedelta())

    assert answers.read_saved(WRITE, empty).id is None
    with pytest.raises(errors.UnknownOutcomeError):
        answers.read_saved(WRITE, Answer(status=200, headers={}, body=b"", took=timedelta()))


def row(*codes: str) -> dict[str, object]:
    problems = [{"statusCode": code, "message": "canary", "fields": []} for code in codes]
    return {"success": not codes, "errors": problems}


ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


@pytest.mark.parametrize(
    ("rows", "expected", "named"),
    [
        ([row(ROLLED_BACK), row("INVALID_FIELD")], errors.RejectedPayloadError, "row b"),
        ([row("UNABLE_TO_LOCK_ROW"), row(ROLLED_BACK)], errors.LockedError, "row a"),
        ([row("UNABLE_TO_LOCK_ROW"), row("INVALID_FIELD")], errors.RejectedPayloadError, "row b"),
        ([row(), row("UNABLE_TO_LOCK_ROW")], errors.LockedError, "row b"),
        ([row(), row("PROCESSING_HALTED", "INVALID_FIELD_FOR_INSERT_UPDATE")], errors.ConflictError, "row b"),
        ([row(ROLLED_BACK), row(ROLLED_BACK)], errors.UnknownOutcomeError, "without a cause"),
        ([row(), {"success": False, "errors": []}], errors.RejectedPayloadError, "row b"),
        ([row()], errors.UnknownOutcomeError, "1 of 2"),
    ],
)
def test_a_good_status_is_read_row_by_row(
    rows: list[object], expected: type[errors.ConnectorError], named: str
) -> None:
    with pytest.raises(errors.ConnectorError, match=named) as raised:
        answers.read_rows(WRITE, answer(200, rows), ("a", "b"))

    assert type(raised.value) is expected
    assert "canary" not in str(raised.value)


def test_rows_that_all_went_well_are_quiet() -> None:
    answers.read_rows(WRITE, answer(200, [row(), row()]), ("a", "b"))


@given(st.integers(300, 599), st.binary(max_size=60), st.sampled_from([WRITE, QUERY]))
def test_no_answer_leaves_the_tree(status: int, body: bytes, call: Call) -> None:
    error = told(call, Answer(status=status, headers={}, body=body, took=timedelta()))

    assert error.status in {status, None}
    assert call.effect or not isinstance(error, errors.UnknownOutcomeError)


def test_a_used_up_allotment_says_that_it_is_the_day_s() -> None:
    error = told(WRITE, answer(403, said("REQUEST_LIMIT_EXCEEDED")))

    assert isinstance(error, errors.RateLimitedError)
    assert (error.what, error.retry_after) == ("day", None)


@pytest.mark.parametrize(
    ("header", "used"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("api-usage=18/5000; per-app-api-usage=17/250(appName=sample)", (18, 5000)),
        ("per-app-api-usage=17/250(appName=sample)", None),
        ("api-usage=many/5000", None),
        ("", None),
    ],
)
def test_every_answer_tells_what_is_used_of_the_day(header: str, used: tuple[int, int] | None) -> None:
    headers = {"sforce-limit-info": header} if header else {}

    assert answers.used_of_day(Answer(status=204, headers=headers, body=b"", took=timedelta())) == used
