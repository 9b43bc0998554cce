"""What answers mean where the contract is ours (`openapi.json` of a plain REST connector): a refusal is a problem.

Only its code and the names of fields are repeated in errors: a message in words may hold a name or an address.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
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

T = TypeVar("T")
_SOUND_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SOUND_FIELD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
_MOST_FIELDS = 20
_ABOUT_THE_ADDRESS = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})


class Problem(msgspec.Struct, frozen=True):
    """A refusal; its `message` is not read."""

    code: str
    fields: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(Problem).decode


@dataclass(frozen=True, slots=True)
class Problems:
    """One contract: `absent` is its code for a thing that is not there, `advice` by code what a person can do.

    `conflict` names the class of a 409 that a look at the target cures; any other code is met again by the same call,
    so that a person must look.
    """

    absent: str
    advice: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    conflict: Callable[[Call, Problem], type[ConflictError] | None] = lambda _call, _problem: None

    def read(self, call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
        """The value of a success.

        Raises:
            ConnectorError: what a refusal means; UnknownOutcomeError or TargetUnavailableError where a good status
                comes with a body that the contract does not know.
        """
        if not answers.is_success(answer):
            raise self.refusal(call, answer)
        try:
            return decode(answer.body)
        except (msgspec.MsgspecError, ValueError) as exc:
            raise broken_off(
                f"{call.operation} answered {answer.status} with what the contract does not know", call
            ) from exc

    def refusal(self, call: Call, answer: Answer) -> ConnectorError:
        """500 is core's: unknown to a write.  503 is core's, too: by the contract nothing was done."""
        problem = _problem(answer)
        words = self._words(problem)
        message = f"{call.operation} answered {answer.status}: {words}"
        match answer.status:
            case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
                return _rejected(problem, message, answer)
            case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
                return self._not_found(problem, message, answer)
            case HTTPStatus.CONFLICT:
                return self._conflict(problem, message, call, answer)
            case HTTPStatus.SERVICE_UNAVAILABLE:
                return answers.gateway(message, call, answer)
            case status if status > HTTPStatus.INTERNAL_SERVER_ERROR and status not in _ABOUT_THE_ADDRESS:
                return _failed(message, call, answer)
            case _:
                return answers.refusal(call, answer, words)

    def _words(self, problem: Problem | None) -> str:
        if problem is None:
            return "no problem document"
        named = f"{problem.code} ({', '.join(problem.fields)})" if problem.fields else problem.code
        advice = self.advice.get(problem.code)
        return f"{named}: {advice}" if advice else named

    def _not_found(self, problem: Problem | None, message: str, answer: Answer) -> ConnectorError:
        """Only the contract's own code says that it is not there: any other 404 is a wrong address."""
        kind = NotFoundError if problem is not None and problem.code == self.absent else ConfigurationError
        return kind(message, status=answer.status)

    def _conflict(self, problem: Problem | None, message: str, call: Call, answer: Answer) -> ConnectorError:
        kind = ConflictError if problem is None else self.conflict(call, problem)
        return _rejected(problem, message, answer) if kind is None else kind(message, status=answer.status)


def _problem(answer: Answer) -> Problem | None:
    """None where the system itself did not answer."""
    try:
        problem = _decode(answer.body)
    except (msgspec.MsgspecError, ValueError):
        return None
    code = problem.code if _SOUND_CODE.fullmatch(problem.code) else "unreadable-code"
    fields = tuple(one for one in problem.fields[:_MOST_FIELDS] if _SOUND_FIELD.fullmatch(one))
    return Problem(code, fields)


def _rejected(problem: Problem | None, message: str, answer: Answer) -> ConnectorError:
    return RejectedPayloadError(message, fields=problem.fields if problem else (), status=answer.status)


def _failed(message: str, call: Call, answer: Answer) -> ConnectorError:
    """The system or its gateway failed somewhere on the way."""
    if call.effect:
        return UnknownOutcomeError(message, status=answer.status)
    return TargetUnavailableError(message, retry_after=answer.retry_after, status=answer.status)
