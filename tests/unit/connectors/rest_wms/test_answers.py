"""What each kind of refusal tells the caller to do."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.core.calls import Answer, Call
from connectors.core.paths import path
from connectors.rest_wms import answers, wire

PUT = Call(operation="put-task", method="PUT", path=path("/v1/x"), effect=True)
GET = Call(operation="read-task", method="GET", path=path("/v1/x"), effect=False)


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
        (PUT, answer(400, code("unfit", "lines[0].sku")), errors.RejectedPayloadError),
        (PUT, answer(400), errors.RejectedPayloadError),
        (PUT, answer(413), errors.RejectedPayloadError),
        (PUT, answer(409, code("different-content")), errors.RejectedPayloadError),
        (PUT, answer(409, code("too-far")), errors.RejectedPayloadError),
        (PUT, answer(409, code("busy")), errors.RejectedPayloadError),
        (PUT, answer(409), errors.ConflictError),
        (GET, answer(404, code("no-such-task")), errors.NotFoundError),
        (GET, answer(410, code("no-such-task")), errors.NotFoundError),
        (GET, answer(404, code("no-such-route")), errors.ConfigurationError),
        (GET, answer(404), errors.ConfigurationError),
        (GET, answer(410), errors.ConfigurationError),
        (PUT, answer(401), errors.UnauthorizedError),
        (PUT, answer(403), errors.UnauthorizedError),
        (PUT, answer(302), errors.ConfigurationError),
        (PUT, answer(501), errors.ConfigurationError),
        (PUT, answer(505), errors.ConfigurationError),
        (PUT, answer(429), errors.RateLimitedError),
        (PUT, answer(500), errors.UnknownOutcomeError),
        (GET, answer(500), errors.TargetUnavailableError),
        (PUT, answer(502), errors.UnknownOutcomeError),
        (GET, answer(502), errors.TargetUnavailableError),
        (PUT, answer(599), errors.UnknownOutcomeError),
        (PUT, answer(503), errors.TargetUnavailableError),
        (PUT, answer(503, took=6), errors.UnknownOutcomeError),
        (GET, answer(503, took=6), errors.TargetUnavailableError),
        (PUT, answer(200, {"status": "RELEASED"}), errors.UnknownOutcomeError),
        (GET, answer(200), errors.TargetUnavailableError),
    ],
)
def test_the_contract_decides_the_class(
    call: Call, given_answer: Answer, expected: type[errors.ConnectorError]
) -> None:
    assert type(told(call, given_answer)) is expected


def test_code_and_fields_are_told_and_words_are_not() -> None:
    body = {"code": "unfit", "message": "canary", "fields": ["ship_to.city", "the canary", "lines[3].sku"]}

    error = told(PUT, answer(422, body))

    assert isinstance(error, errors.RejectedPayloadError)
    assert error.fields == ("ship_to.city", "lines[3].sku")
    assert str(error) == "put-task answered 422: unfit (ship_to.city, lines[3].sku)"


def test_a_code_that_is_no_word_is_not_repeated() -> None:
    assert "canary" not in str(told(PUT, answer(409, code("the canary lives here"))))


@given(st.integers(300, 599), st.binary(max_size=60), st.sampled_from([PUT, GET]))
def test_no_answer_leaves_the_tree(status: int, body: bytes, call: Call) -> None:
    error = told(call, Answer(status=status, headers={}, body=body, took=timedelta()))

    assert error.status in {status, None}
    assert call.effect or not isinstance(error, errors.UnknownOutcomeError)
