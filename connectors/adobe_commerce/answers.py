"""What Commerce's refusals mean.

One status says little here: 400 stands for a refused row, too many rows, a wrong clock at our side, and a deadlock
behind a masked message.  Messages are templates with parameters (a list for %1, an object for %name): the parameters
decide where they can, because the text may be translated.  Sources: Webapi/ErrorProcessor.php and Rest/Response.php of
Magento, the vendor's OAuth error page, and specs' semantics (masked messages).
"""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import NamedTuple, TypeVar

import msgspec

from connectors.adobe_commerce import wire
from connectors.core import answers
from connectors.core.calls import Answer, Call
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    MaskedFailureError,
    NotFoundError,
    RejectedPayloadError,
    TargetUnavailableError,
    TooManyItemsError,
    UnauthorizedError,
)
from connectors.core.failures import broken_off

T = TypeVar("T")

# Answered with 400 whether the cause is a deadlock or a lasting refusal.
MASKED = frozenset(
    {
        "could not save source item",
        "could not save a shipment, see error log for details",
        "could not save an invoice, see error log for details",
        "could not save a creditmemo, see error log for details",
        "the product was unable to be saved. please try again",
        "unable to save product",
    }
)
_NO_ROUTE = "request does not match any route"
_TOO_MANY = re.compile(r"Maximum items of type .* is (\d{1,9})\b", re.DOTALL)
# Of the OAuth checks, those that Commerce answers with 400 (OauthInputException) instead of 401.
_SIGN_IN = re.compile(r"oauth|token length is invalid|signature method", re.IGNORECASE)
_PLACE = re.compile(r"%(\w+)")
_MOST_FIELDS = 20


class Complaint(NamedTuple):
    """A refusal in words: all lines with their parameters filled in, and the parameters as given."""

    lines: tuple[str, ...]
    templates: tuple[str, ...]
    values: tuple[tuple[str, object], ...]

    @property
    def text(self) -> str:
        return "; ".join(self.lines)


def read(call: Call, answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The value of a good answer.

    Raises:
        ConnectorError: by the rules below; an answer of 200 that is no JSON of the expected form is as good as none.
    """
    if not answers.is_success(answer):
        raise refusal(call, answer)
    try:
        return decode(answer.body)
    except (msgspec.MsgspecError, ValueError) as exc:
        kind = answer.media_type or "nothing"
        raise broken_off(f"{call.operation} answered {answer.status} with {kind} that cannot be used", call) from exc


def refusal(call: Call, answer: Answer) -> ConnectorError:
    complaint = _complaint(answer)
    if complaint is None:
        return _without_words(call, answer)
    rule = _RULES.get(answer.status)
    told = rule(complaint, call, answer) if rule else None
    return told or answers.refusal(call, answer, complaint.text)


def _complaint(answer: Answer) -> Complaint | None:
    """None where Commerce itself did not answer: HTML of a web server, a cache or a firewall."""
    try:
        body = wire.decode_error(answer.body)
    except (msgspec.MsgspecError, ValueError):
        return None
    entries = [wire.ErrorEntry(body.message or body.oauth_problem, body.parameters), *body.errors]
    entries += [entry for group in body.messages.values() for entry in group]
    said = [entry for entry in entries if entry.message]
    return Complaint(
        lines=tuple(interpolate(entry.message, entry.parameters) for entry in said),
        templates=tuple(entry.message for entry in said),
        values=tuple(pair for entry in said for pair in _named(entry.parameters)),
    )


def interpolate(message: str, parameters: list[object] | dict[str, object] | None) -> str:
    """%1 … from a list, %name from an object; a place without a parameter stays as it is."""
    named = {name: str(value) for name, value in _named(parameters)}
    return _PLACE.sub(lambda place: named.get(place[1], place[0]), message)


def _named(parameters: list[object] | dict[str, object] | None) -> Iterator[tuple[str, object]]:
    if isinstance(parameters, dict):
        yield from parameters.items()
    else:
        yield from ((str(index), value) for index, value in enumerate(parameters or (), start=1))


def _refused(complaint: Complaint, call: Call, answer: Answer) -> ConnectorError:
    message = _message(complaint, call, answer)
    if _is_sign_in(complaint):
        return UnauthorizedError(message, status=answer.status)
    if maximum := _maximum(complaint):
        return TooManyItemsError(message, maximum=maximum, status=answer.status)
    if _is_masked(complaint):
        return MaskedFailureError(message, status=answer.status)
    fields = tuple(str(value) for _, value in complaint.values[:_MOST_FIELDS])
    return RejectedPayloadError(message, fields=fields, status=answer.status)


def _is_sign_in(complaint: Complaint) -> bool:
    """A clock that is wrong by 10 minutes is answered with 400, and that must not look like a bad row."""
    named = any(str(value).startswith("oauth_") for _, value in complaint.values)
    return named or any(_SIGN_IN.search(template) for template in complaint.templates)


def _maximum(complaint: Complaint) -> int | None:
    named = dict(complaint.values)
    stated = str(named["max"]) if {"type", "max"} <= named.keys() else ""
    found = re.fullmatch(r"(\d{1,9})", stated) or _TOO_MANY.search(complaint.text)
    return int(found[1]) or None if found else None


def _is_masked(complaint: Complaint) -> bool:
    return any(said.strip().rstrip(".").casefold() in MASKED for said in (*complaint.templates, *complaint.lines))


def _not_found(complaint: Complaint, call: Call, answer: Answer) -> ConnectorError:
    """An unknown route is our address or a missing module, not a missing thing: no record is to blame."""
    lost = any(_NO_ROUTE in line.casefold() for line in complaint.templates)
    kind = ConfigurationError if lost else NotFoundError
    return kind(_message(complaint, call, answer), status=answer.status)


def _failed(complaint: Complaint, call: Call, answer: Answer) -> ConnectorError:
    """The application answered, so nothing runs on; whether the cause lasts (a row) or not (a lock) is not said."""
    kind = MaskedFailureError if call.effect else TargetUnavailableError
    return kind(_message(complaint, call, answer), status=answer.status)


_RULES: dict[int, Callable[[Complaint, Call, Answer], ConnectorError]] = {
    HTTPStatus.BAD_REQUEST: _refused,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.INTERNAL_SERVER_ERROR: _failed,
}


def _without_words(call: Call, answer: Answer) -> ConnectorError:
    """Somebody in front of Commerce answered; its page is not quoted."""
    message = f"{call.operation} answered {answer.status} with {answer.media_type or 'nothing'} instead of JSON"
    if answer.status == HTTPStatus.NOT_FOUND:
        return _page_not_found(message, call)
    if answer.status == HTTPStatus.FORBIDDEN and call.effect:
        # A firewall that dislikes one row answers like one that dislikes us: only splitting tells.
        return MaskedFailureError(message, status=answer.status)
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and call.effect:
        return MaskedFailureError(message, status=answer.status)
    return answers.refusal(call, answer, f"{answer.media_type or 'nothing'} instead of JSON")


def _page_not_found(message: str, call: Call) -> ConnectorError:
    """Apache and nginx refuse encoded slashes unless told otherwise: then one SKU is to blame, not the address."""
    if "%2F" in call.path.encoded or "%5C" in call.path.encoded:
        return RejectedPayloadError(f"{message}; its web server refuses this path", status=404)
    return ConfigurationError(message, status=404)


def _message(complaint: Complaint, call: Call, answer: Answer) -> str:
    return f"{call.operation} answered {answer.status}: {answers.shorten(complaint.text)}"
