"""The order as it was stated: by its channel, as often as it likes, or corrected by a person."""

import msgspec

from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain.order_account import as_stated
from streams.domain.order_entry import CORRECTIONS_KEPT, OrderEntry, Statement
from streams.domain.order_facts import Stamp
from streams.domain.order_rules import Given

STATEMENTS = frozenset({"PLACED", "CORRECTED"})


def with_statement(entry: OrderEntry, event: OrderEvent, order: Order, given: Given) -> OrderEntry:
    """Of the channel's statements the newest is kept, of corrections the newest few."""
    stamp = Stamp(event.effective_at, event.recorded_at, event.event_id)
    made = _decided(
        entry,
        Statement(event.kind, order, event.effective_at, stamp, order.updated_at, given.failing, given.filled),
    )
    placed = [one for one in (*entry.statements, made) if one.kind == "PLACED"]
    corrected = sorted((one for one in (*entry.statements, made) if one.kind == "CORRECTED"), key=lambda one: one.stamp)
    kept = (*_newest(placed), *corrected[-CORRECTIONS_KEPT:])
    return msgspec.structs.replace(entry, statements=kept)


def _decided(entry: OrderEntry, made: Statement) -> Statement:
    """What the channel says once more was decided already: the tables may have changed since."""
    for one in entry.statements:
        if one.kind == made.kind == "PLACED" and one.failing is not None and _says_the_same(one, made):
            order = msgspec.structs.replace(one.order, event_id=made.order.event_id)
            return msgspec.structs.replace(made, order=order, failing=one.failing, filled=one.filled)
    return made


def _says_the_same(one: Statement, other: Statement) -> bool:
    filled = {*one.filled, *other.filled}
    return as_stated(one.order, filled) == as_stated(other.order, filled)


def _newest(placed: list[Statement]) -> tuple[Statement, ...]:
    if not placed:
        return ()
    newest = max(placed, key=lambda one: (one.version, one.stamp))
    return (msgspec.structs.replace(newest, first_at=min(one.first_at for one in placed)),)


def with_judgement(entry: OrderEntry, failing: tuple[str, ...]) -> OrderEntry:
    """What the checks say of the statement that counts."""
    judged = msgspec.structs.replace(entry.statements[entry.stated], failing=failing)
    statements = (*entry.statements[: entry.stated], judged, *entry.statements[entry.stated + 1 :])
    return msgspec.structs.replace(entry, statements=statements)
