"""What the answers of a WMS mean, by the contract (`openapi.json`).

Only the code and the names of fields are repeated in errors: a message in words may hold an address.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec

from connectors.core import answers
from connectors.core.calls import Answer, Call
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    NotFoundError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from connectors.core.failures import broken_off
from connectors.rest_wms import wire

T = TypeVar("T")

NO_SUCH_TASK = "no-such-task"
_SOUND_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SOUND_FIELD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
_MOST_FIELDS = 20


def read(call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The value of a success.

    Raises:
        ConnectorError: what a refusal means; UnknownOutcomeError or TargetUnavailableError where a good status comes
            with a body that the contract does not know.
    """
    if not answers.is_success(answer):
        raise refusal(call, answer)
    try:
        return decode(answer.body)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise broken_off(
            f"{call.operation} answered {answer.status} with what the contract does not know", call
        ) from exc


def refusal(call: Call, answer: Answer) -> ConnectorError:
    rule = _RULES.get(answer.status)
    if rule is None and answer.status > HTTPStatus.INTERNAL_SERVER_ERROR:
        rule = _failed
    problem = _problem(answer)
    told = rule(problem, call, answer) if rule else None
    return told or answers.refusal(call, answer, _words(problem))


def _problem(answer: Answer) -> wire.Problem | None:
    """None where the WMS itself did not answer."""
    try:
        problem = wire.decode_problem(answer.body)
    except (msgspec.MsgspecError, ValueError):
        return None
    code = problem.code if _SOUND_CODE.fullmatch(problem.code) else "unreadable-code"
    fields = tuple(one for one in problem.fields[:_MOST_FIELDS] if _SOUND_FIELD.fullmatch(one))
    return wire.Problem(code, fields)


def _words(problem: wire.Problem | None) -> str:
    if problem is None:
        return "no problem document"
    return f"{problem.code} ({', '.join(problem.fields)})" if problem.fields else problem.code


def _message(problem: wire.Problem | None, call: Call, answer: Answer) -> str:
    return f"{call.operation} answered {answer.status}: {_words(problem)}"


Rule = Callable[["wire.Problem | None", Call, Answer], "ConnectorError | None"]


def _rejected(problem: wire.Problem | None, call: Call, answer: Answer) -> ConnectorError:
    fields = problem.fields if problem else ()
    return RejectedPayloadError(_message(problem, call, answer), fields=fields, status=answer.status)


def _conflict(problem: wire.Problem | None, call: Call, answer: Answer) -> ConnectorError:
    """Whatever the system's own code is, the same call meets it again: a person must look."""
    if problem is not None:
        return _rejected(problem, call, answer)
    return ConflictError(_message(problem, call, answer), status=answer.status)


def _not_found(problem: wire.Problem | None, call: Call, answer: Answer) -> ConnectorError:
    """Only the contract's own code says that there is no task: any other 404 is a wrong address."""
    kind = NotFoundError if problem is not None and problem.code == NO_SUCH_TASK else ConfigurationError
    return kind(_message(problem, call, answer), status=answer.status)


def _failed(problem: wire.Problem | None, call: Call, answer: Answer) -> ConnectorError | None:
    """The WMS or its gateway failed somewhere on the way; 501 and 505 are about the address and have core rules."""
    if answer.status in {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}:
        return None
    message = _message(problem, call, answer)
    if call.effect:
        return UnknownOutcomeError(message, status=answer.status)
    return TargetUnavailableError(message, retry_after=answer.retry_after, status=answer.status)


# 500 is core's: unknown to a write.  503 is core's, too: by the contract nothing was done, and Retry-After is honoured.
_RULES: dict[int, Rule] = {
    HTTPStatus.BAD_REQUEST: _rejected,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.CONFLICT: _conflict,
    HTTPStatus.GONE: _not_found,
    HTTPStatus.UNPROCESSABLE_ENTITY: _rejected,
    HTTPStatus.SERVICE_UNAVAILABLE: lambda problem, call, answer: answers.gateway(
        _message(problem, call, answer), call, answer
    ),
}
