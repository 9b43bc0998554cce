"""What SAP's answers mean.

A refusal in SAP's own words has a message class and number (`VL/045`), in `error.code` or among `errordetails`; those
decide, because the text may be in any language.  Statuses say less: 400 stands for a business reject, a lock and a
masked dump alike.  Sources: the error form of API_SALES_ORDER_SRV.openapi.json; SAP Gateway help "Defining Settings
for Idempotent Services" and message /IWBEP/CM_COS 005; VL 045 as SAP's community quotes it.  MC 601, M3 and /IWFND
numbers are general knowledge.
"""

from collections.abc import Callable, Collection
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
    MaskedFailureError,
    NotFoundError,
    RejectedPayloadError,
    UnknownOutcomeError,
)
from connectors.core.failures import broken_off
from connectors.sap_s4hana import wire

T = TypeVar("T")

LOCKS = frozenset({"VL/045", "V1/042", "MC/601", "M3/021", "M3/024", "M3/682", "M3/897", "/IWBEP/CM_MGW_RT/103"})
"""A document, its customer or its material is open in somebody's session."""
OUTDATED = "/IWBEP/CM_COS/005"
"""RequestID is outdated: the request was carried out before."""
_OUTDATED_TEXT = "requestid is outdated"
_LOCK_TEXTS = ("is currently being processed by", "is locked by", "locked by user", "is being processed by")
_NO_SERVICE = frozenset({"/IWFND/MED/170", "/IWFND/MED/144", "/IWFND/CM_BEC/026"})
_MASKED = frozenset({"SY/530"})
_NO_MESSAGE = ("/IWBEP/CX_", "CX_")
"""Exception classes: they name no message."""
_STALE = frozenset({HTTPStatus.PRECONDITION_REQUIRED, HTTPStatus.PRECONDITION_FAILED})
_MOST_FIELDS = 20


class Complaint(NamedTuple):
    """A refusal in SAP's words; `text` is the first message."""

    codes: tuple[str, ...]
    text: str


def read(call: Call, answer: Answer, decode: Callable[[bytes], T], locks: Collection[str] = ()) -> T:
    """The value of a good answer.

    Raises:
        ConnectorError: by the rules below; a good status without the expected JSON is as good as no answer.
    """
    if not answers.is_success(answer):
        raise refusal(call, answer, locks)
    try:
        return decode(answer.body)
    except (msgspec.MsgspecError, ValueError) as exc:
        kind = answer.media_type or "nothing"
        raise broken_off(f"{call.operation} answered {answer.status} with {kind} that cannot be used", call) from exc


def is_done_already(answer: Answer) -> bool:
    """Whether this refusal of a repeated request says that the first one was carried out."""
    complaint = None if answers.is_success(answer) else complaint_of(answer)
    return complaint is not None and (OUTDATED in complaint.codes or _OUTDATED_TEXT in complaint.text.casefold())


def refusal(call: Call, answer: Answer, locks: Collection[str] = ()) -> ConnectorError:
    complaint = complaint_of(answer)
    if complaint is None:
        return _without_words(call, answer)
    return _worded(call, answer, complaint, locks) or answers.refusal(call, answer, _words(complaint))


def creation_refusal(call: Call, answer: Answer, locks: Collection[str] = ()) -> ConnectorError:
    """SAP does not know an order again: whatever may have made one is of unknown outcome, however prompt."""
    error = refusal(call, answer, locks)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(error, MaskedFailureError):
        return UnknownOutcomeError(error.message, status=answer.status)
    if isinstance(error, NotFoundError):  # a collection that is not there is our address, not the order
        return ConfigurationError(error.message, status=answer.status)
    return error


def complaint_of(answer: Answer) -> Complaint | None:
    """None where SAP's gateway itself did not answer: a page of a proxy, or of a service that is switched off."""
    try:
        entry = wire.decode_error(answer.body).error
    except (msgspec.MsgspecError, ValueError):
        return None
    details = entry.innererror.errordetails if entry.innererror else []
    codes = [code for code in (entry.code, *(one.code for one in details)) if code and not code.startswith(_NO_MESSAGE)]
    text = entry.message if isinstance(entry.message, str) else entry.message.value
    return Complaint(tuple(dict.fromkeys(codes))[:_MOST_FIELDS], text)


def _worded(call: Call, answer: Answer, complaint: Complaint, locks: Collection[str]) -> ConnectorError | None:
    message = f"{call.operation} answered {answer.status}: {answers.shorten(_words(complaint))}"
    if not _NO_SERVICE.isdisjoint(complaint.codes):
        return ConfigurationError(message, status=answer.status)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if answer.status == HTTPStatus.LOCKED or _is_lock(complaint, locks):
        told = f"{call.operation} answered {answer.status}: locked ({', '.join(complaint.codes)})"
        return LockedError(told, status=answer.status)  # the text names the user who holds the lock
    if answer.status == HTTPStatus.BAD_REQUEST:
        if complaint.codes and _MASKED.issuperset(complaint.codes):
            return MaskedFailureError(message, status=answer.status)
        return RejectedPayloadError(message, fields=complaint.codes, status=answer.status)
    return ConflictError(message, status=answer.status) if answer.status in _STALE else None


def _is_lock(complaint: Complaint, locks: Collection[str]) -> bool:
    known = any(code in LOCKS or code in locks for code in complaint.codes)
    return known or any(text in complaint.text.casefold() for text in _LOCK_TEXTS)


def _without_words(call: Call, answer: Answer) -> ConnectorError:
    """Somebody in front of the gateway answered; its page is not quoted."""
    what = f"{answer.media_type or 'nothing'} instead of SAP's JSON"
    message = f"{call.operation} answered {answer.status}: {what}"
    if answer.status in _STALE:
        return ConflictError(message, status=answer.status)
    if answer.status == HTTPStatus.LOCKED:
        return LockedError(message, status=answer.status)
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return ConfigurationError(message, status=answer.status)  # the service is not active at this address
    return answers.refusal(call, answer, what)


def _words(complaint: Complaint) -> str:
    return f"{', '.join(complaint.codes)} {complaint.text}".strip()
