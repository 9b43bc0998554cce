"""What each kind of refusal tells the caller to do."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.calls import Answer, Call
from connectors.core.paths import path
from connectors.rest_finance import answers, wire

PUT = Call(operation="put-document", method="PUT", path=path("/v1/x"), effect=True)
GET = Call(operation="read-document", method="GET", path=path("/v1/x"), effect=False)


def answer(status: int, body: object = None, *, took: float = 1) -> Answer:
    content = b"<html>no</html>" if body is None else json.dumps(body).encode()
    return Answer(status=status, headers={}, body=content, took=timedelta(seconds=took))


def told(call: Call, refused: Answer) -> errors.ConnectorError:
    with pytest.raises(errors.ConnectorError) as raised:
        answers.read(call, refused, wire.decode_state)
    return raised.value


def code(word: str, *fields: str) -> dict[str, object]:
    return {"code": word, "fields": list(fields)}


@pytest.mark.parametrize(
    ("call", "given_answer", "expected"),
    [
        (PUT, answer(400, code("unfit", "amount")), errors.RejectedPayloadError),
        (PUT, answer(400), errors.RejectedPayloadError),
        (PUT, answer(413), errors.RejectedPayloadError),
        (PUT, answer(409, code("period-closed")), errors.RejectedPayloadError),
        (PUT, answer(409, code("document-locked")), errors.RejectedPayloadError),
        (PUT, answer(409, code("different-content")), errors.RejectedPayloadError),
        (PUT, answer(409, code("already-consolidated")), errors.RejectedPayloadError),
        (PUT, answer(409), errors.ConflictError),
        (GET, answer(404, code("no-such-document")), errors.NotFoundError),
        (GET, answer(410, code("no-such-document")), errors.NotFoundError),
        (GET, answer(404, code("no-such-route")), errors.ConfigurationError),
        (GET, answer(404), errors.ConfigurationError),
        (GET, answer(410), errors.ConfigurationError),
        (PUT, answer(401), errors.UnauthorizedError),
        (PUT, answer(302), errors.ConfigurationError),
        (PUT, answer(501), errors.ConfigurationError),
        (PUT, answer(505), errors.ConfigurationError),
        (PUT, answer(429), errors.RateLimitedError),
        (PUT, answer(500), errors.UnknownOutcomeError),
        (GET, answer(500), errors.TargetUnavailableError),
        (PUT, answer(599), errors.UnknownOutcomeError),
        (PUT, answer(503), errors.TargetUnavailableError),
        (PUT, answer(503, took=6), errors.UnknownOutcomeError),
        (PUT, answer(200, {"status": "POSTED"}), errors.UnknownOutcomeError),
        (GET, answer(200), errors.TargetUnavailableError),
    ],
)
def test_the_contract_decides_the_class(
    call: Call, given_answer: Answer, expected: type[errors.ConnectorError]
) -> None:
    assert type(told(call, given_answer)) is expected


def test_code_fields_and_our_advice_are_told_and_words_are_not() -> None:
    body = {"code": "period-closed", "message": "canary", "fields": ["happened_at", "the canary"]}

    error = told(PUT, answer(409, body))

    assert isinstance(error, errors.RejectedPayloadError)
    assert error.fields == ("happened_at",)
    assert str(error) == (
        "put-document answered 409: period-closed (happened_at):"
        " the period of its date is closed; open the period, then release the order"
    )


@pytest.mark.parametrize("word", ["already-consolidated", "the canary lives here"])
def test_a_conflict_with_a_code_of_the_books_own_is_for_a_person_who_reads_that_code_and_no_words(word: str) -> None:
    body = {"code": word, "message": "canary", "fields": ["account"]}

    error = told(PUT, answer(409, body))

    assert isinstance(error, errors.PermanentError)
    shown = "unreadable-code" if "canary" in word else word
    assert str(error) == f"put-document answered 409: {shown} (account)"


def test_a_code_that_is_no_word_is_not_repeated() -> None:
    assert "canary" not in str(told(PUT, answer(409, code("the canary lives here"))))


@given(st.integers(300, 599), st.binary(max_size=60), st.sampled_from([PUT, GET]))
def test_no_answer_leaves_the_tree(status: int, body: bytes, call: Call) -> None:
    error = told(call, Answer(status=status, headers={}, body=body, took=timedelta()))

    assert error.status in {status, None}
    assert call.effect or not isinstance(error, errors.UnknownOutcomeError)
