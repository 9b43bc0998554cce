"""What each answer of SAP makes the caller do."""

import json
from datetime import timedelta

import pytest

from connectors.core.calls import Answer, Call
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    LockedError,
    MaskedFailureError,
    NotFoundError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from connectors.core.paths import path
from connectors.sap_s4hana import answers

WRITE = Call(operation="write", method="POST", path=path("/A_SalesOrder"), effect=True)
READ = Call(operation="read", method="GET", path=path("/A_SalesOrder"), effect=False)


def said(status: int, code: str = "", text: str = "No", details: tuple[str, ...] = ()) -> Answer:
    inner = {"errordetails": [{"code": one, "message": "…"} for one in details]}
    body = {"error": {"code": code, "message": {"lang": "en", "value": text}, "innererror": inner}}
    return raw(status, json.dumps(body).encode())


def raw(status: int, body: bytes, took_s: float = 0) -> Answer:
    return Answer(status=status, headers={"content-type": "text/html"}, body=body, took=timedelta(seconds=took_s))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(400, "V1/302"), RejectedPayloadError),
        (said(400, "VL/045"), LockedError),
        (said(400, "SLS_LORD/033", details=("MC/601",)), LockedError),
        (said(400, "ZZ/001", "Order 1 is currently being processed by user TESTUSER"), LockedError),
        (said(400, "ZZ/002"), RejectedPayloadError),
        (said(400, "SY/530"), MaskedFailureError),
        (said(400, "SY/530", details=("V1/302",)), RejectedPayloadError),
        (said(404, "/IWBEP/CM_MGW_RT/020"), NotFoundError),
        (said(404, "/IWFND/MED/170"), ConfigurationError),
        (said(403, "/IWFND/CM_CONSUMER/101"), UnauthorizedError),
        (said(412), ConflictError),
        (said(428), ConflictError),
        (said(423, "ZZ/003"), LockedError),
        (raw(423, b"<html>"), LockedError),
        (raw(428, b""), ConflictError),
        (raw(404, b"<html>"), ConfigurationError),
        (raw(403, b"<html>"), UnauthorizedError),
        (raw(400, b"<html>"), RejectedPayloadError),
        (raw(500, b""), UnknownOutcomeError),
        (raw(503, b"<html>"), TargetUnavailableError),
        (raw(503, b"<html>", took_s=6), UnknownOutcomeError),
    ],
)
def test_a_refusal_of_a_change(answer: Answer, kind: type[ConnectorError]) -> None:
    assert type(answers.refusal(WRITE, answer)) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_every_5xx_to_a_create_is_of_unknown_outcome_however_prompt(status: int) -> None:
    for answer in (raw(status, b"<html>"), said(status, "V1/302"), said(status, "VL/045")):
        error = answers.creation_refusal(WRITE, answer)
        assert type(error) is UnknownOutcomeError
        assert error.status == status


def test_a_masked_failure_of_a_create_is_of_unknown_outcome() -> None:
    assert type(answers.creation_refusal(WRITE, said(400, "SY/530"))) is UnknownOutcomeError


def test_a_collection_that_is_not_there_is_no_fault_of_the_order() -> None:
    assert type(answers.creation_refusal(WRITE, said(404, "SY/000"))) is ConfigurationError


def test_a_refused_create_is_refused() -> None:
    error = answers.creation_refusal(WRITE, said(400, "V1/302", details=("V1/302", "SLS_LORD/033", "/IWBEP/CX_A")))

    assert isinstance(error, RejectedPayloadError)
    assert error.fields == ("V1/302", "SLS_LORD/033")


def test_a_lock_does_not_tell_who_holds_it_and_the_operator_may_name_further_ones() -> None:
    text = "Sales order 1 is currently being processed by user TESTUSER"

    known = answers.refusal(WRITE, said(400, "VL/045", text))
    named = answers.refusal(WRITE, said(400, "ZZ/007", "Gesperrt durch TESTUSER"), ("ZZ/007",))

    for error in (known, named):
        assert type(error) is LockedError
        assert "TESTUSER" not in error.message


def test_a_read_is_never_of_unknown_outcome() -> None:
    for status in range(400, 600):
        for answer in (raw(status, b""), said(status, "SY/530"), said(status, "VL/045")):
            assert not isinstance(answers.refusal(READ, answer), UnknownOutcomeError)


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (said(400, "/IWBEP/CM_COS/005"), True),
        (said(400, "ZZ/001", "NetWeaver 'Idempotent Service Framework': RequestID is outdated"), True),
        (said(400, "V1/302"), False),
        (raw(400, b"RequestID is outdated"), False),
        (said(201, "/IWBEP/CM_COS/005"), False),
    ],
)
def test_an_outdated_request_was_carried_out(answer: Answer, *, done: bool) -> None:
    assert answers.is_done_already(answer) is done


def test_a_message_that_is_a_text_is_read_as_well() -> None:
    body = json.dumps({"error": {"code": "V1/302", "message": "No such material"}}).encode()

    error = answers.refusal(WRITE, raw(400, body))

    assert isinstance(error, RejectedPayloadError)
    assert "No such material" in error.message
