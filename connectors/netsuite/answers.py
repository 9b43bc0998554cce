"""What NetSuite's refusals mean.

The code decides before the status, because one status stands for several things: 400 for a refused order, for too
many calls and for a record that changed meanwhile.  Source: Oracle's help, section_156570709583 (errors), and the
retry classes of NetSuite's REST and RESTlet limits; codes without a published list are marked in README.md.
"""

import re
from collections.abc import Callable, Iterable
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
    RateLimitedError,
    RejectedPayloadError,
    UnauthorizedError,
)
from connectors.core.failures import broken_off
from connectors.netsuite import wire

T = TypeVar("T")

TOO_MANY_CALLS = frozenset({"SSS_REQUEST_LIMIT_EXCEEDED", "CONCURRENCY_LIMIT_EXCEEDED", "EXCEEDED_CONCURRENCY_LIMIT"})
NOT_ALLOWED = frozenset({"INSUFFICIENT_PERMISSION", "PERMISSION_VIOLATION", "FEATURE_DISABLED"})
CHANGED_MEANWHILE = frozenset({"RCRD_HAS_BEEN_CHANGED", "DUP_RCRD", "RECORD_LOCKED"})
NO_RECORD = frozenset({"NONEXISTENT_ID", "RCRD_DSNT_EXIST"})
_SIGN_IN = frozenset({"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT"})
_MOST_FIELDS = 20
_SHORTEST_HIDDEN = 3


def read(call: Call, answer: Answer, decode: Callable[[Answer], T], *, hidden: Iterable[str] = ()) -> T:
    """The value of a good answer; `hidden` are personal texts of the request that a refusal must not repeat.

    Raises:
        ConnectorError: by the rules below; a good status with the wrong content is as good as no answer.
    """
    if not answers.is_success(answer):
        raise refusal(call, answer, hidden)
    try:
        return decode(answer)
    except (msgspec.MsgspecError, ValueError) as exc:
        kind = answer.media_type or "nothing"
        raise broken_off(f"{call.operation} answered {answer.status} with {kind} that cannot be used", call) from exc


def refusal(call: Call, answer: Answer, hidden: Iterable[str] = ()) -> ConnectorError:
    try:
        details = wire.decode_error(answer.body).details
    except (msgspec.MsgspecError, ValueError):
        return _without_words(call, answer)
    told = without("; ".join(_sentence(one) for one in details), hidden)
    message = f"{call.operation} answered {answer.status}: {answers.shorten(told)}"
    rule = next((rule for codes, rule in _BY_CODE if any(one.code in codes for one in details)), None)
    rule = rule or _BY_STATUS.get(answer.status)
    return rule(message, answer, details) if rule else answers.refusal(call, answer, told)


def without(text: str, hidden: Iterable[str]) -> str:
    """NetSuite quotes the value that it refuses, and that may be a name or an address."""
    wanted = sorted({one for one in hidden if len(one) >= _SHORTEST_HIDDEN}, key=len, reverse=True)
    if not wanted:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)", "…", text, flags=re.IGNORECASE)


def _sentence(detail: wire.ErrorDetail) -> str:
    return " ".join(part for part in (detail.code, detail.place and f"at {detail.place}:", detail.detail) if part)


def _rate_limited(message: str, answer: Answer, _: tuple[wire.ErrorDetail, ...]) -> ConnectorError:
    """NetSuite counts what an account runs at once, whatever the address (Oracle's help, section_1525253248)."""
    return RateLimitedError(message, retry_after=answer.retry_after, status=answer.status, what="at-once")


def _rejected(message: str, answer: Answer, details: tuple[wire.ErrorDetail, ...]) -> ConnectorError:
    fields = tuple(one.place for one in details if one.place)[:_MOST_FIELDS]
    return RejectedPayloadError(message, fields=fields, status=answer.status)


def _plain(kind: type[ConnectorError]) -> "Rule":
    def rule(message: str, answer: Answer, _: tuple[wire.ErrorDetail, ...]) -> ConnectorError:
        return kind(message, status=answer.status)

    return rule


Rule = Callable[[str, Answer, tuple[wire.ErrorDetail, ...]], ConnectorError]

_BY_CODE: tuple[tuple[frozenset[str], Rule], ...] = (
    (TOO_MANY_CALLS, _rate_limited),
    (NOT_ALLOWED, _plain(ConfigurationError)),
    (_SIGN_IN, _plain(UnauthorizedError)),
    (CHANGED_MEANWHILE, _plain(ConflictError)),
    (NO_RECORD, _plain(NotFoundError)),
)
_BY_STATUS: dict[int, Rule] = {
    HTTPStatus.BAD_REQUEST: _rejected,
    HTTPStatus.UNPROCESSABLE_ENTITY: _rejected,
    HTTPStatus.FORBIDDEN: _plain(ConfigurationError),
    # Without the code above it is the address or the record type that is not there: no order is to blame.
    HTTPStatus.NOT_FOUND: _plain(ConfigurationError),
}


def _without_words(call: Call, answer: Answer) -> ConnectorError:
    """Somebody in front of NetSuite answered; its page is not quoted."""
    kind = answer.media_type or "nothing"
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        message = f"{call.operation} answered {answer.status} with {kind} instead of NetSuite's error"
        return ConfigurationError(message, status=answer.status)
    return answers.refusal(call, answer, f"{kind} instead of NetSuite's error")
