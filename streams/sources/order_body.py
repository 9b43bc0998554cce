"""JSON of a channel → an order, or everything that is wrong with it; pure.

What the orders flow would refuse, or keep waiting for a record that can never be right, is refused here: the sender
still knows what it meant, and can send it again.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from schemas.catalogue import COMMERCE_ORDER
from schemas.models.order import Order
from streams.domain.order_door import LINES_AT_MOST, NAME_LIMIT
from streams.domain.order_id import unified_id
from streams.domain.stock_door import is_sku
from streams.sources.json_form import TOLD_AT_MOST, FieldProblem, MalformedError, record_of
from streams.sources.json_text import NotJsonError, parsed

AHEAD_US = 300 * 1_000_000
"""How far a sender's clock may be ahead: a statement of the future would stand above every later one."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"([A-Z]{2})?")
_Told = Iterator[tuple[str, str]]


def order_of(body: bytes, channel: str, now: int) -> Order:
    """The order in a body of this channel; `now` in µs.  Raises MalformedError, which quotes no value."""
    try:
        record = record_of(COMMERCE_ORDER.schema, parsed(body))
    except NotJsonError as error:
        raise MalformedError((FieldProblem("the body", str(error)),)) from None
    order = msgspec.convert(record, Order)
    problems = [FieldProblem(field, problem) for rule in _RULES for field, problem in rule(order, channel, now)]
    if problems:
        raise MalformedError(tuple(problems[:TOLD_AT_MOST]))
    return order


def _channel(order: Order, channel: str, _now: int) -> _Told:
    """Whoever has one channel's secret speaks for that channel only."""
    if order.channel != channel:
        yield "channel", "must be the channel of the address"


def _names(order: Order, _channel: str, _now: int) -> _Told:
    for field in ("event_id", "source_system", "number"):
        if not _is_name(getattr(order, field)):
            yield field, f"must have 1 to {NAME_LIMIT} characters, no control characters, no blank at either end"


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_LIMIT and text == text.strip() and text.isprintable()


def _codes(order: Order, _channel: str, _now: int) -> _Told:
    if not _CURRENCY.fullmatch(order.currency):
        yield "currency", "must be a code of ISO 4217, such as EUR"
    addresses = {"billing": order.billing} | ({"shipping": order.shipping} if order.shipping else {})
    for field, address in addresses.items():
        if not _COUNTRY.fullmatch(address.country):
            yield f"{field}.country", "must be a code of ISO 3166-1 alpha-2, such as DE"


def _times(order: Order, _channel: str, now: int) -> _Told:
    for field, at in (("placed_at", order.placed_at), ("updated_at", order.updated_at)):
        if at > now + AHEAD_US:
            yield field, "is in the future; correct the clock that wrote it"


def _lines(order: Order, _channel: str, _now: int) -> _Told:
    if not 0 < len(order.lines) <= LINES_AT_MOST:
        yield "lines", f"must have 1 to {LINES_AT_MOST} entries"
    elif not any(line.quantity for line in order.lines):
        yield "lines", "must order something: every quantity is 0"


def _each_line(order: Order, _channel: str, _now: int) -> _Told:
    seen: set[str] = set()
    for place, line in enumerate(order.lines):
        if not _is_name(line.line_id) or line.line_id in seen:
            yield f"lines[{place}].line_id", "must be an id that no other line of the order has"
        if not is_sku(line.sku):
            yield f"lines[{place}].sku", "must have 1 to 64 characters, no control characters, no blank at either end"
        if line.quantity < 0:
            yield f"lines[{place}].quantity", "must not be below 0"
        seen.add(line.line_id)


_RULES: tuple[Callable[[Order, str, int], Iterable[tuple[str, str]]], ...] = (
    _channel,
    _names,
    _codes,
    _times,
    _lines,
    _each_line,
)


def order_id_of(order: Order) -> str:
    """As every system will know it."""
    return unified_id(order.channel, order.number)
