"""What systems said of an order, kept so that the order in which it came does not matter.

A fact has a key: its kind and its part (a shipment, a document, or the event itself).  Two facts of one key become one:
quantities and money take the higher value (a step states the whole of its part so far), the rest comes from the newer
statement.  Merging is commutative, associative and idempotent: a repeat changes nothing, and every permutation of the
same events leaves the same facts.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from schemas.models.order_event import EventLine, OrderEvent, Track
from streams.domain.order_table import ANSWERED, RANK


class Moved(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """So much of one line, in micros; `line_id` is "" where the system speaks of SKUs only."""

    line_id: str
    sku: str
    quantity: int
    serials: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """A line is known by its id; its SKU only where there is none."""
        return (self.line_id, "" if self.line_id else self.sku)


class Stamp(NamedTuple):
    """Of two statements the higher one is the newer."""

    at: int
    recorded_at: int
    event_id: str


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing said; `first_at` is when the earliest statement says it happened, `stamp` that of the newest (µs).

    `amount` is money in micros; `reason` a code of the system, never a sentence: sentences may name people.
    """

    kind: str
    part: str
    first_at: int
    stamp: Stamp
    system: str
    lines: tuple[Moved, ...] = ()
    tracks: tuple[Track, ...] = ()
    source_code: str = ""
    document: str = ""
    expected_at: int | None = None
    amount: int | None = None
    reason: str = ""
    named: bool = False
    """Whether the system named the part; else it is the event's own."""
    currency: str = ""
    """Of the amount, where it need not be the order's."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind, self.part)

    @property
    def weight(self) -> tuple[int, bool, int, str]:
        """Place among the facts of an order: predecessors first, those that mean the rest last, then by time."""
        return (RANK[self.kind], not self.lines, self.first_at, self.part)


_BY_DOCUMENT = frozenset({"ACKNOWLEDGED", "WORK_ORDER_OPENED", "AUTHORISED", "CAPTURED", "INVOICED", "REFUNDED"})
_BY_PART = frozenset(
    {
        "ALLOCATED",
        "BACKORDERED",
        "PICKED",
        "PACKED",
        "SHIPPED",
        "IN_TRANSIT",
        "DELIVERY_FAILED",
        "DELIVERED",
        "SENT_BACK",
        "CANCELLED",
        "RETURN_REQUESTED",
        "RETURN_RECEIVED",
        "RETURN_REJECTED",
    }
)
_ONE = frozenset({"CONFIRMED", "CREDIT_HELD", "CREDIT_RELEASED"})
"""Kinds of which an order has one, the newest; all others stand alone, event by event."""

REASON_LIMIT = 64


def facts_of(event: OrderEvent) -> tuple[Fact, ...]:
    """What an event says, a date apart from the rest: whoever names it, the newest date counts."""
    fact = Fact(
        kind=event.kind,
        part=_part(event),
        first_at=event.effective_at,
        stamp=Stamp(event.effective_at, event.recorded_at, event.event_id),
        system=event.source_system,
        lines=_moved(event.lines),
        tracks=sorted_tracks(event.tracks),
        source_code=event.source_code or "",
        document=event.document or "",
        amount=event.amount,
        reason=(event.reason or "")[:REASON_LIMIT],
        named=bool(event.part) and event.kind in _BY_PART,
    )
    dates = _dates(event, fact)
    return dates if event.kind == "DATE_MOVED" else (fact, *dates)


def _part(event: OrderEvent) -> str:
    if event.kind in _ONE:
        return ""
    if event.kind in _BY_DOCUMENT:
        return event.document or event.part or event.event_id
    return event.part or event.event_id if event.kind in _BY_PART else event.event_id


def _dates(event: OrderEvent, fact: Fact) -> tuple[Fact, ...]:
    """The promised date of the lines that the event names, or of the whole order."""
    if event.expected_at is None:
        return ()
    plain = Fact("DATE_MOVED", "", fact.first_at, fact.stamp, fact.system, expected_at=event.expected_at)
    if not fact.lines:
        return (plain,)
    return tuple(
        msgspec.structs.replace(plain, part=line.line_id or f"sku:{line.sku}", lines=(line,)) for line in fact.lines
    )


def _moved(lines: Iterable[EventLine]) -> tuple[Moved, ...]:
    """One entry per line: a step may name a line once per lot."""
    found: dict[tuple[str, str], Moved] = {}
    for line in lines:
        one = Moved(line.line_id or "", line.sku, line.quantity, line.serials)
        known = found.get(one.key)
        if known is not None:
            serials = known.serials + one.serials
            one = msgspec.structs.replace(one, quantity=known.quantity + one.quantity, serials=serials)
        found[one.key] = one
    return _sorted(found.values())


def _sorted(lines: Iterable[Moved]) -> tuple[Moved, ...]:
    return tuple(sorted(msgspec.structs.replace(one, serials=tuple(sorted(set(one.serials)))) for one in lines))


def sorted_tracks(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """One per number, carrier and title: sorted, so that two unions are the same."""
    found = {(one.number, one.carrier_code, one.title): one for one in tracks}
    return tuple(found[key] for key in sorted(found))


def merged(one: Fact, other: Fact) -> Fact:
    """Both statements of one key in one; it does not matter which is named first."""
    newer = one if one.stamp >= other.stamp else other
    return msgspec.structs.replace(
        newer,
        first_at=min(one.first_at, other.first_at),
        lines=_higher(one.lines, other.lines),
        tracks=sorted_tracks((*one.tracks, *other.tracks)),
        amount=max((fact.amount for fact in (one, other) if fact.amount is not None), default=None),
    )


def _higher(lines: Iterable[Moved], others: Iterable[Moved]) -> tuple[Moved, ...]:
    found: dict[tuple[str, str], list[Moved]] = defaultdict(list)
    for line in (*lines, *others):
        found[line.key].append(line)
    return _sorted(_highest(same) for same in found.values())


def _highest(same: list[Moved]) -> Moved:
    serials = tuple(serial for one in same for serial in one.serials)
    return msgspec.structs.replace(max(same), serials=serials, quantity=max(one.quantity for one in same))


def with_facts(facts: Iterable[Fact], more: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts and some more, in the order in which they are weighed."""
    found = {fact.key: fact for fact in facts}
    for fact in more:
        known = found.get(fact.key)
        found[fact.key] = fact if known is None else merged(known, fact)
    return tuple(sorted(found.values(), key=lambda fact: fact.weight))


class Request(NamedTuple):
    """What a target was asked for; `kind` is a command's."""

    role: str
    kind: str
    part: str


def answer(request: Request, stamp: Stamp, *, document: str, reason: str) -> Fact:
    """How a command ended: the newest word on one request counts; `reason` is "" where it was done."""
    part = "/".join(request)
    return Fact(ANSWERED, part, stamp.at, stamp, request.role, document=document, reason=reason[:REASON_LIMIT])


def request_of(fact: Fact) -> Request:
    """What an answer answers."""
    return Request(*fact.part.split("/", 2))


def is_same_part(one: Fact, other: Fact) -> bool:
    """Two steps of one part: by its name, or by its place where one of the two names none."""
    return one.part == other.part or (one.source_code == other.source_code and not (one.named and other.named))


def newest(facts: Iterable[Fact]) -> Fact | None:
    return max(facts, key=lambda fact: fact.stamp, default=None)
