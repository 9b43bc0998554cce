"""What an act must say: a reason, an id that makes repeats one, and its own fields; anything else is refused."""

import re
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from streams.domain.quantities import RECORD_LIMIT, from_decimal
from streams.domain.stock_door import is_sku
from streams.web.refusal import RefusedError

LARGEST = 64 << 10
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`act` is made with the page; without one each request is an act of its own."""

    reason: str
    act: str = ""


class SinkAct(Act, frozen=True, kw_only=True):
    """How a sink shall run; `pause` is what people say."""

    mode: Literal["run", "shadow", "paused", "pause"]


class GapAct(Act, frozen=True, kw_only=True):
    """Which gap is accepted."""

    topic: str
    partition: int


class RecountAct(Act, frozen=True, kw_only=True):
    """What shall be stated anew; without location or bucket all of them."""

    sku: str
    location: str | None = None
    bucket: str | None = None


class RebaseAct(Act, frozen=True, kw_only=True):
    """What a bucket shall hold; `before` is what the preview showed."""

    sku: str
    location: str
    bucket: str
    quantity: str
    before: str


class ReconcileAct(Act, frozen=True, kw_only=True):
    """What shall be compared; `repair` None: as the settings say."""

    scope: Literal["full", "window", "reservations"]
    repair: tuple[Literal["missing", "stale", "foreign-edit"], ...] | None = None


class CorrectAct(Act, frozen=True, kw_only=True):
    """The whole order as it shall be, as people write it."""

    order: msgspec.Raw


class EditAct(Act, frozen=True, kw_only=True):
    """What is corrected in the records of letters: name → value; null empties a field that may be empty."""

    fields: dict[str, str | None]


class AllLettersAct(Act, frozen=True, kw_only=True):
    """All open letters; how many there were when the person looked."""

    letters: int


class RevealAct(Act, frozen=True, kw_only=True):
    """Asked by the worker that a person asked: which order, and who that is."""

    order_id: str
    actor: str


ActT = TypeVar("ActT", bound=Act)
NOT_A_SKU = "A SKU has 1 to 64 characters, no control characters and no blank at either end."


async def read(request: web.Request, kind: type[ActT]) -> ActT:
    """Raises RefusedError 400 or 413."""
    body = await body_of(request)
    try:
        act = msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise RefusedError(400, f"This is not the act that was expected: {error}"[:300]) from None
    if not 3 <= len(act.reason.strip()) <= 200:
        raise RefusedError(400, "Give a reason of 3 to 200 characters; it is kept in the audit.")
    if act.act and not _ID.fullmatch(act.act):
        raise RefusedError(400, "The id of an act has 8 to 64 letters, digits, - or _.")
    return act


async def body_of(request: web.Request) -> bytes:
    """At most 64 KiB, however it is sent.  Raises RefusedError 413."""
    body = b""
    while chunk := await request.content.read(LARGEST + 1 - len(body)):
        body += chunk
        if len(body) > LARGEST:
            raise RefusedError(413, "More than 64 KiB.")
    return body


def sku_of(text: str) -> str:
    """Raises RefusedError 400, also for what was no UTF-8 on its way here."""
    if not is_sku(text) or "\ufffd" in text:
        raise RefusedError(400, NOT_A_SKU)
    return text


def quantity_of(text: str) -> int:
    """In micros.  Raises RefusedError 400."""
    try:
        micros = from_decimal(Decimal(text.strip()))
    except (InvalidOperation, ValueError):
        raise RefusedError(400, "A quantity is a number with at most six decimals, e.g. 190.7.") from None
    if not 0 <= micros <= RECORD_LIMIT:
        raise RefusedError(400, "A quantity is not below 0 and not above 10¹².")
    return micros
