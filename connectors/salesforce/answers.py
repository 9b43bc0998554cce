"""What Salesforce's refusals mean.

Answers hold a list of errors, and a bulk answer a result per row; both speak in codes, which are decided in one table.
Only codes and names of fields are repeated in errors: messages may hold what was sent.  Source: error codes of the
vendor's REST API guide (dome_upsert, errorcodes, sObject collections).
"""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple, TypeVar

import msgspec

from connectors.core import answers
from connectors.core.calls import Answer, Call
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    LockedError,
    PermanentError,
    RateLimitedError,
    RejectedPayloadError,
    TransientError,
    UnauthorizedError,
)
from connectors.core.failures import broken_off
from connectors.salesforce import wire

T = TypeVar("T")

_SOUND_CODE = re.compile(r"[A-Z0-9_]{1,80}")
_SOUND_FIELD = re.compile(r"[A-Za-z0-9_.]{1,80}")
_MOST_FIELDS = 20
# Not the cause, only what another row of the same call brought about.
_COLLATERAL = frozenset({"ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED"})


class Complaint(NamedTuple):
    """One error in codes."""

    code: str
    fields: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.code} ({', '.join(self.fields)})" if self.fields else self.code


Rule = Callable[[str, Complaint, Call, Answer], ConnectorError]


def read(call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The value of a success.

    Raises:
        ConnectorError: what a refusal means; UnknownOutcomeError or TargetUnavailableError where a good status comes
            with a body of another kind.
    """
    if not answers.is_success(answer):
        raise refusal(call, answer)
    try:
        return decode(answer.body)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise broken_off(f"{call.operation} answered {answer.status} with what cannot be used", call) from exc


def read_saved(call: Call, answer: Answer) -> wire.Saved:
    """An update may be answered without a body (204)."""
    return read(call, answer, wire.decode_saved if answer.status != HTTPStatus.NO_CONTENT else _saved_without_words)


def _saved_without_words(_: bytes) -> wire.Saved:
    return wire.Saved(success=True)


def read_rows(call: Call, answer: Answer, keys: Sequence[str]) -> None:
    """A bulk answer with a good status: each row tells for itself, in the order of `keys`.

    Raises:
        ConnectorError: at least one row was refused; a lasting refusal is told before a passing one.
    """
    results = read(call, answer, wire.decode_results)
    if len(results) != len(keys):
        raise broken_off(f"{call.operation} answered for {len(results)} of {len(keys)} rows", call)
    refused = [_row_error(key, one, call, answer) for key, one in zip(keys, results, strict=True) if not one.success]
    causes = [error for error in refused if error is not None]
    if refused:
        lasting = [error for error in causes if isinstance(error, PermanentError)]
        raise (lasting or causes or [broken_off(f"{call.operation}: rows were rolled back without a cause", call)])[0]


def refusal(call: Call, answer: Answer) -> ConnectorError:
    complaint = _complaint(answer)
    message = f"{call.operation} answered {answer.status}: {complaint.words}"
    rule = _rule_of(complaint, call) or _BY_STATUS.get(answer.status)
    return rule(message, complaint, call, answer) if rule else answers.refusal(call, answer, complaint.words)


def _row_error(key: str, result: wire.RowResult, call: Call, answer: Answer) -> ConnectorError | None:
    """None for a row that failed with its neighbours."""
    told = [_sound(error.code, error.fields) for error in result.errors]
    causes = [complaint for complaint in told if complaint.code not in _COLLATERAL]
    if told and not causes:
        return None
    complaint = causes[0] if causes else Complaint("no code")
    rule = _rule_of(complaint, call) or _rejected
    return rule(f"{call.operation}: row {key} was refused: {complaint.words}", complaint, call, answer)


def _complaint(answer: Answer) -> Complaint:
    """The first error; something else than Salesforce's list is somebody in front of it, or the list of 300."""
    try:
        problems = wire.decode_problems(answer.body)
    except (msgspec.MsgspecError, ValueError):
        problems = ()
    return _sound(problems[0].code, problems[0].fields) if problems else Complaint("no code")


def _sound(code: str, fields: tuple[str, ...]) -> Complaint:
    kept = tuple(one for one in fields[:_MOST_FIELDS] if _SOUND_FIELD.fullmatch(one))
    return Complaint(code if _SOUND_CODE.fullmatch(code) else "unreadable code", kept)


def _rule_of(complaint: Complaint, call: Call) -> Rule | None:
    if not call.effect and complaint.code in _OUR_QUERY:
        return _plain(ConfigurationError)
    return _BY_CODE.get(complaint.code)


def _plain(kind: type[ConnectorError]) -> Rule:
    return lambda message, _complaint, _call, answer: kind(message, status=answer.status)


def _rejected(message: str, complaint: Complaint, _call: Call, answer: Answer) -> ConnectorError:
    return RejectedPayloadError(message, fields=complaint.fields, status=answer.status)


def _not_unique(message: str, _complaint: Complaint, _call: Call, answer: Answer) -> ConnectorError:
    """Several records have this external id, and nothing was written: a person must merge them."""
    return RejectedPayloadError(
        f"{message}; the external id is not unique", fields=(wire.EXTERNAL_ID,), status=answer.status
    )


def _duplicate(message: str, complaint: Complaint, call: Call, answer: Answer) -> ConnectorError:
    """Two upserts of one key at once: the loser finds the record when it looks again."""
    if wire.EXTERNAL_ID in complaint.fields:
        return ConflictError(message, status=answer.status)
    return _rejected(message, complaint, call, answer)


def _limited(message: str, _complaint: Complaint, _call: Call, answer: Answer) -> ConnectorError:
    return RateLimitedError(message, retry_after=answer.retry_after, status=answer.status, what="day")


def _unavailable(message: str, _complaint: Complaint, call: Call, answer: Answer) -> ConnectorError:
    return answers.gateway(message, call, answer)


# A query that is refused is ours, not an order's: a field of README.md is missing, or may not be read.
_OUR_QUERY = frozenset({"INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"})

_BY_CODE: dict[str, Rule] = {
    "UNABLE_TO_LOCK_ROW": _plain(LockedError),
    "QUERY_TIMEOUT": _plain(TransientError),
    "SERVER_UNAVAILABLE": _unavailable,
    "REQUEST_LIMIT_EXCEEDED": _limited,
    "DUPLICATE_VALUE": _duplicate,
    # A row appeared since it was looked for: what is stated only once was stated again.
    "INVALID_FIELD_FOR_INSERT_UPDATE": _plain(ConflictError),
    "ENTITY_IS_DELETED": _plain(ConflictError),
    # One record that our user may not touch; the others go on.
    "INSUFFICIENT_ACCESS": _rejected,
    "INSUFFICIENT_ACCESS_OR_READONLY": _rejected,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _rejected,
    "API_CURRENTLY_DISABLED": _plain(UnauthorizedError),
    "API_DISABLED_FOR_ORG": _plain(UnauthorizedError),
    "INVALID_SESSION_ID": _plain(UnauthorizedError),
    "STORAGE_LIMIT_EXCEEDED": _plain(ConfigurationError),
    "UNSUPPORTED_API_VERSION": _plain(ConfigurationError),
}

# 404 and 410: every address here exists in an org with this API version and the fields of README.md.
_BY_STATUS: dict[int, Rule] = {
    HTTPStatus.MULTIPLE_CHOICES: _not_unique,
    HTTPStatus.BAD_REQUEST: _rejected,
    HTTPStatus.NOT_FOUND: _plain(ConfigurationError),
    HTTPStatus.GONE: _plain(ConfigurationError),
}


_USAGE = re.compile(r"(?:^|[,;\s])api-usage=(\d{1,12})/(\d{1,12})\b")


def used_of_day(answer: Answer) -> tuple[int, int] | None:
    """`Sforce-Limit-Info: api-usage=18/5000`, which stands on each answer (Salesforce, limits cheat sheet)."""
    found = _USAGE.search(answer.headers.get("sforce-limit-info", ""))
    return None if found is None else (int(found[1]), int(found[2]))
