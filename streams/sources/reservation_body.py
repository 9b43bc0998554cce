"""What a channel asks of a reservation, from JSON; every mistake is told with its field, and no value is quoted."""

from typing import NamedTuple

from aiohttp import web

from schemas.errors import EncodeError
from schemas.micros import micros_of_text
from streams.domain.order_door import NAME_LIMIT
from streams.domain.quantities import RECORD_LIMIT, SHOP_STEP
from streams.domain.stock_door import is_sku
from streams.sources.bodies import only
from streams.sources.json_form import LONGEST_NUMBER, FieldProblem, MalformedError
from streams.sources.json_text import NotJsonError, Number, parsed

KEY_LIMIT = 128
KEY = "Idempotency-Key"
NOT_A_SKU = "must have 1 to 64 characters, no control characters, no blank at either end"
NOT_A_QUANTITY = 'must be above 0 and exact, with at most four places, as text ("1.5") or as a number'


class Wish(NamedTuple):
    """A reservation that is asked for; quantity in micros."""

    sku: str
    quantity: int
    ttl_ms: int


def wish_of(body: bytes, *, ttl_s: float, longest_s: float) -> Wish:
    """Raises MalformedError."""
    found = _fields(body, frozenset({"sku", "quantity", "ttl_seconds"}))
    problems: list[FieldProblem] = []
    sku, quantity, ttl = found.get("sku"), _quantity(found.get("quantity")), found.get("ttl_seconds", Number(ttl_s))
    if not (isinstance(sku, str) and not isinstance(sku, Number) and is_sku(sku)):
        problems.append(FieldProblem("sku", NOT_A_SKU))
    if quantity is None:
        problems.append(FieldProblem("quantity", NOT_A_QUANTITY))
    ttl_ms = _milliseconds(ttl)
    if ttl_ms is None or not 1000 <= ttl_ms <= longest_s * 1000:
        problems.append(FieldProblem("ttl_seconds", f"must be a number from 1 to {longest_s:g}"))
    if problems:
        raise MalformedError(tuple(problems))
    assert isinstance(sku, str)
    return Wish(sku, quantity or 0, ttl_ms or 0)


def order_id_of(body: bytes) -> str:
    """The order that a reservation became.  Raises MalformedError."""
    order_id = _fields(body, frozenset({"order_id"})).get("order_id")
    if not isinstance(order_id, str) or isinstance(order_id, Number) or not is_name(order_id):
        raise MalformedError((FieldProblem("order_id", f"must have 1 to {NAME_LIMIT} printable characters"),))
    return order_id


def key_of(request: web.Request) -> str:
    """The idempotency key.  Raises MalformedError."""
    key = only(request, KEY)
    if not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
        raise MalformedError((FieldProblem(KEY, f"must be a header of 1 to {KEY_LIMIT} printable characters"),))
    return key


def asked_of(request: web.Request) -> tuple[str, int]:
    """SKU and quantity of a question for availability.  Raises MalformedError."""
    problems = [
        FieldProblem(name, "is no parameter here, or stands twice")
        for name in request.query
        if name not in {"sku", "quantity"} or len(request.query.getall(name)) > 1
    ]
    sku, quantity = request.query.get("sku", ""), _quantity(request.query.get("quantity", "1"))
    if not is_sku(sku):
        problems.append(FieldProblem("sku", NOT_A_SKU))
    if quantity is None:
        problems.append(FieldProblem("quantity", NOT_A_QUANTITY))
    if problems:
        raise MalformedError(tuple(problems))
    return sku, quantity or 0


def is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_LIMIT and text == text.strip() and text.isprintable()


def _fields(body: bytes, known: frozenset[str]) -> dict[str, object]:
    try:
        found = parsed(body)
    except NotJsonError as error:
        raise MalformedError((FieldProblem("the body", str(error)),)) from None
    if not isinstance(found, dict):
        raise MalformedError((FieldProblem("the body", "must be an object"),))
    strange = [name for name in found if name not in known]
    if strange:
        told = ", ".join(sorted(known))
        raise MalformedError((FieldProblem("the body", f"has a field that is not known; known are {told}"),))
    return found


def _quantity(raw: object) -> int | None:
    """Micros; None for what cannot be reserved.  Commerce keeps four decimals."""
    if not isinstance(raw, str) or not 0 < len(raw) <= LONGEST_NUMBER:
        return None
    try:
        micros = micros_of_text(raw)
    except EncodeError:
        return None
    return micros if 0 < micros <= RECORD_LIMIT and micros % SHOP_STEP == 0 else None


def _milliseconds(raw: object) -> int | None:
    if not isinstance(raw, Number) or len(raw) > LONGEST_NUMBER:
        return None
    try:
        return micros_of_text(raw) // 1000
    except EncodeError:
        return None
