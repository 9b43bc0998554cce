"""What each kind of refusal tells the caller to do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce import answers, wire
from connectors.core import errors
from connectors.core.calls import Answer, Call
from connectors.core.paths import path

SAVE = Call(operation="save-source-items", method="POST", path=path("V1/x"), effect=True)
LIST = Call(operation="list-source-items", method="GET", path=path("V1/x"), effect=False)
SLASH = Call(operation="read-stock-item", method="GET", path=path("V1/x/{sku}", sku="a/b"), effect=False)


def answer(status: int, body: object = None, *, text: str | None = None, media: str = "application/json") -> Answer:
    content = text if text is not None else json.dumps(body)
    return Answer(status=status, headers={"content-type": media}, body=content.encode(), took=timedelta(seconds=1))


def told(call: Call, refused: Answer) -> errors.ConnectorError:
    with pytest.raises(errors.ConnectorError) as raised:
        answers.read(call, refused, wire.decode_nothing)
    return raised.value


def page(status: int) -> Answer:
    return answer(status, text="<html><h1>Sorry</h1> canary</html>", media="text/html; charset=UTF-8")


MAX_TEXT = 'Maximum items of type "%type" is %max'
TYPE = "\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"


@pytest.mark.parametrize(
    "body",
    [
        {"message": MAX_TEXT, "parameters": {"type": TYPE, "max": 20}},
        {"message": MAX_TEXT, "parameters": {"type": TYPE, "max": "20"}},
        {"message": 'Maximal sind %max Elemente der Art "%type" erlaubt', "parameters": {"type": TYPE, "max": 20}},
        {"message": f'Maximum items of type "{TYPE}" is 20'},
        {"message": 'Maximum items of type "%1" is %2', "parameters": [TYPE, 20]},
    ],
)
def test_too_many_rows_name_the_maximum_in_any_form_and_language(body: dict[str, Any]) -> None:
    error = told(SAVE, answer(400, body))

    assert isinstance(error, errors.TooManyItemsError)
    assert error.maximum == 20


@pytest.mark.parametrize(
    "message",
    [
        "Could not save Source Item",
        "Could not save a shipment, see error log for details",
        "Could not save an invoice, see error log for details",
        "Could not save a Creditmemo, see error log for details",
        "The product was unable to be saved. Please try again.",
        "Unable to save product",
    ],
)
def test_a_masked_failure_may_pass(message: str) -> None:
    assert type(told(SAVE, answer(400, {"message": message}))) is errors.MaskedFailureError


def test_a_masked_message_may_come_as_a_template() -> None:
    body = {"message": "%1", "parameters": ["Could not save Source Item"]}

    assert type(told(SAVE, answer(400, body))) is errors.MaskedFailureError


REJECTED = {
    "validation": ({"message": 'Validation Failed: "sku" can not be empty.'}, ()),
    "validation lines": (
        {
            "message": "Validation Failed",
            "errors": [{"message": '"%field" can not be empty.', "parameters": {"field": "sku"}}],
        },
        ("sku",),
    ),
    "wrong type": (
        {
            "message": 'Error occurred during "quantity" processing. The "five" value\'s type is invalid. '
            'The "float" type was expected. Verify and try again.'
        },
        (),
    ),
    "missing field": (
        {"message": '"%fieldName" is required.', "parameters": {"fieldName": "sourceItems"}},
        ("sourceItems",),
    ),
    "published example": (
        {"message": "Invalid product data: %1", "parameters": ["Invalid attribute set entity type"]},
        ("Invalid attribute set entity type",),
    ),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_a_refused_content_names_what_the_server_named(kind: str) -> None:
    body, fields = REJECTED[kind]

    error = told(SAVE, answer(400, body))

    assert isinstance(error, errors.RejectedPayloadError)
    assert error.fields == fields
    assert "%" not in str(error)


def test_every_line_of_a_refusal_is_told() -> None:
    lines = [{"message": f"line %1 of {number}", "parameters": [str(number)]} for number in range(3)]

    error = told(SAVE, answer(400, {"message": "Validation Failed", "errors": lines}))

    assert all(f"line {number} of {number}" in str(error) for number in range(3))


@pytest.mark.parametrize(
    "body",
    [
        {"message": "The timestamp value in the oauth_timestamp parameter is incorrect."},
        {"message": '"%fieldName" is required.', "parameters": {"fieldName": "oauth_token"}},
        {"message": "The token length is invalid. Check the length and try again."},
        {"message": "Signature method %1 is not supported", "parameters": ["HMAC-MD5"]},
        {"oauth_problem": "timestamp_refused in oauth_timestamp"},
    ],
)
def test_a_sign_in_that_is_refused_with_400_blames_no_row(body: dict[str, Any]) -> None:
    assert isinstance(told(SAVE, answer(400, body)), errors.UnauthorizedError)


def test_a_missing_permission_names_the_resource() -> None:
    body = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_InventoryApi::source"},
    }

    error = told(LIST, answer(401, body))

    assert isinstance(error, errors.UnauthorizedError)
    assert "Magento_InventoryApi::source" in str(error)


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        (LIST, answer(404, {"message": "Request does not match any route."}), errors.ConfigurationError),
        (LIST, answer(404, {"message": "The product doesn't exist."}), errors.NotFoundError),
        (LIST, page(404), errors.ConfigurationError),
        (SLASH, page(404), errors.RejectedPayloadError),
        (SAVE, page(403), errors.MaskedFailureError),
        (LIST, page(403), errors.UnauthorizedError),
        (SAVE, answer(403, {"error_code": "403003", "message": "Api Key is invalid"}), errors.UnauthorizedError),
        (SAVE, answer(500, {"message": "Internal Error. Report ID: webapi-5"}), errors.MaskedFailureError),
        (LIST, answer(500, {"message": "Internal Error. Report ID: webapi-5"}), errors.TargetUnavailableError),
        (SAVE, page(500), errors.MaskedFailureError),
        (LIST, page(500), errors.TargetUnavailableError),
        (SAVE, page(503), errors.TargetUnavailableError),
        (SAVE, page(302), errors.ConfigurationError),
        (SAVE, answer(405, {"message": "no"}), errors.ConfigurationError),
        (SAVE, page(413), errors.RejectedPayloadError),
        (SAVE, answer(429, {"message": "Too Many Requests"}), errors.RateLimitedError),
        (SAVE, page(400), errors.RejectedPayloadError),
    ],
)
def test_who_is_to_blame_decides_the_class(call: Call, given: Answer, expected: type[errors.ConnectorError]) -> None:
    error = told(call, given)

    assert type(error) is expected
    assert error.status == given.status
    assert "canary" not in str(error)


def test_a_fatal_error_is_read_in_its_own_form() -> None:
    body = {"messages": {"error": [{"code": 500, "message": "Server internal error."}]}}

    assert "Server internal error." in str(told(LIST, answer(500, body)))


NO_ANSWERS = ["", "<html>Welcome to our shop</html>", "{}", "null", '{"message":"blocked"}', "[1]", "[", "true"]


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_a_good_status_with_the_wrong_content_is_no_answer(text: str) -> None:
    assert type(told(SAVE, answer(200, text=text))) is errors.UnknownOutcomeError
    assert type(told(LIST, answer(200, text=text))) is errors.TargetUnavailableError


def test_an_empty_list_is_the_good_answer_of_a_void_service() -> None:
    assert answers.read(SAVE, answer(200, []), wire.decode_nothing) == []


@pytest.mark.parametrize(
    ("message", "parameters", "text"),
    [
        ("%1 of %2", ["a", "b"], "a of b"),
        ("%1 and %11", ["a"] + [""] * 9 + ["k"], "a and k"),
        ("%type is %max", {"type": "T", "max": 20}, "T is 20"),
        ("100% of %1", ["a"], "100% of a"),
        ("%1 %missing", ["a"], "a %missing"),
        ("%1", None, "%1"),
        ("%1", ["%1"], "%1"),
        ("%1", {"1": "a"}, "a"),
    ],
)
def test_parameters_are_filled_in(message: str, parameters: list[object] | dict[str, object] | None, text: str) -> None:
    assert answers.interpolate(message, parameters) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = (
    st.binary(max_size=50)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {"message": json_values}, optional={"parameters": json_values, "errors": json_values, "messages": json_values}
    ).map(lambda value: json.dumps(value).encode())
)


@given(st.integers(300, 599), bodies, st.sampled_from([SAVE, LIST, SLASH]))
def test_no_body_whatsoever_leaves_the_tree(status: int, body: bytes, call: Call) -> None:
    refused = Answer(status=status, headers={}, body=body, took=timedelta(seconds=1))

    error = told(call, refused)

    assert error.status == status
    assert len(str(error)) < 700
