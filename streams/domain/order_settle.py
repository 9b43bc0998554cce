"""From what was said to what is so and what is asked for: one pass over an entry, the same after every event."""

from collections.abc import Iterator

import msgspec

from streams.domain.order_case import Case, Intention
from streams.domain.order_entry import Asked, Hold, OrderEntry, Parked
from streams.domain.order_holds import LEFT, OVER, HoldReason, remarks_of
from streams.domain.order_progress import Waiting
from streams.domain.order_routing import Routing, Wanted, route
from streams.domain.order_rules import Given, OrderRules
from streams.domain.order_standing import Settings, Standing, standing
from streams.domain.order_table import OrderState
from streams.domain.order_view import documents_of, line_states, parts_of, payment_of, promised_at
from streams.domain.order_wants import ordered_lines, rejections, wanted


def settle(entry: OrderEntry, now: int, rules: OrderRules, given: Given) -> tuple[OrderEntry, tuple[Intention, ...]]:
    """The entry with everything that follows from its facts, and what is to be asked for."""
    untouched = not any(one.role in {"erp", "wms"} for one in entry.asked)
    found = standing(entry.statements, entry.facts, Settings(rules.furthest, frozenset(entry.forced), untouched))
    if found is None:
        waiting = tuple(Waiting(fact, ("PLACED",)) for fact in entry.facts)
        return _expected(entry, _parked(entry, waiting, now + rules.patience), now), ()
    viewed = _viewed(entry, found, _parked(entry, tuple(found.progress.waiting), now + rules.patience))
    routing = _routing(viewed, found, rules, given)
    viewed = _held(
        viewed, found, (*found.holds, *_overdue(viewed, now), *_unrouted(found, routing), *_changed(viewed, found))
    )
    intentions = tuple(wanted(Case(viewed, found, rules, routing)))
    return _asked(viewed, intentions), intentions


def force(entry: OrderEntry, now: int) -> OrderEntry:
    """A person released the order: what has waited too long shall count all the same."""
    late = {(one.kind, one.part) for one in entry.parked if one.until <= now}
    return msgspec.structs.replace(entry, forced=tuple(sorted({*entry.forced, *late})))


def _expected(entry: OrderEntry, parked: tuple[Parked, ...], now: int) -> OrderEntry:
    """Nothing is known but what waits."""
    waiting = msgspec.structs.replace(entry, parked=parked)
    holds = tuple(_overdue(waiting, now))
    state = OrderState.HELD if holds else OrderState.EXPECTED
    return msgspec.structs.replace(waiting, state=state, holds=holds)


def _parked(entry: OrderEntry, waiting: tuple[Waiting, ...], until: int) -> tuple[Parked, ...]:
    """What waited before keeps its time."""
    known = {(one.kind, one.part): one.until for one in entry.parked}
    return tuple(sorted(Parked(*one.fact.key, one.waits_for, known.get(one.fact.key, until)) for one in waiting))


def _viewed(entry: OrderEntry, found: Standing, parked: tuple[Parked, ...]) -> OrderEntry:
    lines = line_states(found)
    return msgspec.structs.replace(
        entry,
        stage=found.stage,
        stated=entry.statements.index(found.statement),
        lines=lines,
        payment=payment_of(found),
        parts=parts_of(found),
        documents=documents_of(found),
        promised_at=promised_at(lines),
        parked=parked,
        refused=found.refused,
        remarks=tuple(sorted(remarks_of(found.look))),
    )


def _held(entry: OrderEntry, found: Standing, holds: tuple[Hold, ...]) -> OrderEntry:
    state = OrderState.HELD if holds else found.stage
    return msgspec.structs.replace(entry, state=state, holds=tuple(sorted(holds)))


def _overdue(entry: OrderEntry, now: int) -> Iterator[Hold]:
    for one in entry.parked:
        if one.until <= now:
            detail = f"{one.kind} {one.part} waits for {' or '.join(one.waits_for)}"
            yield Hold(HoldReason.PREDECESSOR_MISSING, detail, one.until)


def _routing(entry: OrderEntry, found: Standing, rules: OrderRules, given: Given) -> Routing:
    """Where the lines go that no warehouse was asked for yet."""
    order = entry.order
    if order is None or not found.is_acknowledged or found.stage in OVER | LEFT | {OrderState.CANCELLING}:
        return Routing()
    return route(order, tuple(_to_route(entry)), rules.routing, given.available)


def _to_route(entry: OrderEntry) -> Iterator[Wanted]:
    """A line that is made to order goes nowhere before it is made: when all of it is allocated."""
    asked: dict[str, int] = {}
    for one in entry.asked:
        for line in one.lines if one.kind == "CREATE_TASK" else ():
            asked[line.line_id or ""] = asked.get(line.line_id or "", 0) + line.quantity
    for state in entry.lines:
        quantity = state.ordered - state.cancelled - max(asked.get(state.line_id, 0), state.shipped)
        if quantity > 0 and (not state.make_to_order or state.allocated >= state.ordered - state.cancelled):
            yield Wanted(state.line_id, state.sku, quantity)


def _unrouted(found: Standing, routing: Routing) -> Iterator[Hold]:
    at = found.look.last("ACKNOWLEDGED")
    if at >= found.look.last("RELEASED"):
        for line in routing.unrouted:
            yield Hold(HoldReason.UNROUTED, f"line {line.line_id}: no rule names a source for {line.sku}", at)


def _changed(entry: OrderEntry, found: Standing) -> Iterator[Hold]:
    """The channel changed the lines after the ERP was asked to make them."""
    asked = entry.asked_of("erp", "CREATE_ORDER")
    at = found.statement.stamp.at
    if (
        asked is None
        or asked.attempt.split("@")[0] != rejections(found)
        or found.stage in OVER
        or at < found.look.last("RELEASED")
    ):
        return
    if asked.lines != ordered_lines(found):
        yield Hold(HoldReason.CHANGED_AFTER_SENT, "the lines differ from those that the ERP was sent", at)


def _asked(entry: OrderEntry, intentions: tuple[Intention, ...]) -> OrderEntry:
    """Noted as asked; a record of the order tells its state as well."""
    found = {one.key: one for one in entry.asked}
    for one in intentions:
        kept = one.lines if one.kind in {"CREATE_ORDER", "CREATE_TASK", "BOOK_LABEL"} else ()
        found[one.request] = Asked(*one.request, one.attempt, one.source_code or "", kept, bool(one.tracks))
        if one.kind == "RECORD_ORDER":
            told = Asked("crm", "RECORD_STATUS", "", f"{one.status}|{one.expected_at}")
            found[told.key] = told
    return msgspec.structs.replace(entry, asked=tuple(found[key] for key in sorted(found)))
