"""How far an order is, line by line: the facts weighed in their own sequence, whatever order they came in.

A step that waits for a predecessor does not count yet.  A step without lines speaks of the lines that an earlier step
named of the same part, else of everything that is left.  No line ever counts more than was ordered: what a system says
beyond that is kept as a contradiction, with both values.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.domain.order_facts import Fact, is_same_part, request_of
from streams.domain.order_lines import OrderLines, shares_of
from streams.domain.order_table import ANSWERED, AWAITS, IMPLIED, Await, Predecessor

STEPS = (
    "ALLOCATED",
    "PICKED",
    "PACKED",
    "SHIPPED",
    "DELIVERED",
    "RETURN_REQUESTED",
    "RETURN_RECEIVED",
    "RETURN_REJECTED",
)
"""Kinds whose quantities add up over their parts, and that may leave their lines out."""

_SAME_PART = {
    "PACKED": ("PICKED",),
    "SHIPPED": ("PACKED", "PICKED"),
    "DELIVERED": ("SHIPPED",),
    "RETURN_RECEIVED": ("RETURN_REQUESTED",),
    "RETURN_REJECTED": ("RETURN_REQUESTED",),
}
"""Where a step without lines looks for them."""

_BILLS = frozenset({"INVOICED", "REFUNDED"})
"""Kinds that are about lines only where they name some: else they are about money."""
_OF_WHAT_LEFT = frozenset({"DELIVERED", "RETURN_REQUESTED", "RETURN_RECEIVED", "RETURN_REJECTED"})
_GOODS_LEFT = frozenset({"SHIPPED"})
"""Kinds of which more than was ordered is a contradiction: of the others it is work done twice."""


class Waiting(NamedTuple):
    """A fact, and the kinds of which it waits for one."""

    fact: Fact
    waits_for: tuple[str, ...]


class Excess(NamedTuple):
    """A system says more of a line than was ordered; micros, `at` in µs."""

    line_id: str
    kind: str
    stated: int
    ordered: int
    at: int


class Stranger(NamedTuple):
    """A step names a line or a SKU that the order does not have."""

    name: str
    kind: str
    at: int


@dataclass
class Progress:
    """What counts so far: facts by kind and part, `quantities` by kind and line, `shares` by fact."""

    known: OrderLines
    furthest: frozenset[str] = frozenset()
    counting: dict[str, dict[str, Fact]] = field(default_factory=lambda: defaultdict(dict))
    waiting: list[Waiting] = field(default_factory=list)
    quantities: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    shares: dict[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    excesses: list[Excess] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    """Part by the tracking number of the label that was booked for it."""

    def of(self, kind: str) -> Mapping[str, int]:
        return self.quantities.get(kind, {})

    def all(self, *kinds: str) -> tuple[Fact, ...]:
        """What counts of some kinds, each kind in the order of weight."""
        return tuple(fact for kind in kinds for fact in self.counting.get(kind, {}).values())

    def fact(self, kind: str, part: str) -> Fact | None:
        return self.counting.get(kind, {}).get(part)

    def open(self, line_id: str) -> int:
        """What was ordered and not cancelled by name."""
        return self.known.ordered[line_id] - self.of("CANCELLED").get(line_id, 0)

    def is_all(self, kind: str) -> bool:
        """Whether a step was taken with all that is open, and something is."""
        opened = {line_id: self.open(line_id) for line_id in self.known.counted}
        return any(opened.values()) and all(self.of(kind).get(line_id, 0) >= left for line_id, left in opened.items())

    def is_any(self, *kinds: str) -> bool:
        return any(quantity for kind in kinds for quantity in self.of(kind).values())


def weigh(
    facts: Iterable[Fact], known: OrderLines, furthest: frozenset[str], forced: frozenset[tuple[str, str]]
) -> Progress:
    """`facts` in the order of their weight.

    `furthest` are the systems that state the furthest step only, so that SHIPPED implies PICKED; `forced` the facts
    that a person released: they wait for nothing.
    """
    progress = Progress(known, furthest)
    ordered = tuple(facts)
    _cancelled_by_name(progress, ordered)
    progress.labels |= {
        track.number: request_of(fact).part for fact in ordered if fact.kind == ANSWERED for track in fact.tracks
    }
    for fact in ordered:
        shares = _shares(progress, fact)
        missing = () if fact.key in forced else _missing(progress, fact, shares)
        if missing:
            progress.waiting.append(Waiting(fact, missing))
            continue
        progress.counting[fact.kind][fact.part] = fact
        if fact.kind in STEPS or (fact.kind in _BILLS and fact.lines):
            _count(progress, fact, shares)
    return progress


def _cancelled_by_name(progress: Progress, facts: tuple[Fact, ...]) -> None:
    """Cancelled lines: several systems tell of the same cancellation, so the largest sum of one system counts."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for fact in facts:
        if fact.kind == "CANCELLED" and fact.lines:
            shares = shares_of(fact.lines, progress.known, lambda line_id: progress.known.ordered[line_id])
            _note_strangers(progress, fact, shares.unknown)
            for line_id, quantity in shares.lines.items():
                totals[fact.system][line_id] += quantity
    for line_id, ordered in progress.known.ordered.items():
        most = max((total[line_id] for total in totals.values()), default=0)
        progress.quantities["CANCELLED"][line_id] = min(ordered, most)


def _shares(progress: Progress, fact: Fact) -> Mapping[str, int]:
    """What the step says of each line, before it is capped."""
    if fact.kind not in STEPS and fact.kind not in _BILLS:
        return {}
    if fact.lines:
        shares = shares_of(fact.lines, progress.known, lambda line_id: _room(progress, fact.kind, line_id))
        if fact.kind != "INVOICED":  # an invoice may have lines of its own: freight, handling
            _note_strangers(progress, fact, shares.unknown)
        return shares.lines
    shipment = shipment_of(progress, fact) if fact.kind == "DELIVERED" else None
    part = fact.part if shipment is None else shipment.part
    named = [progress.shares[kind, part] for kind in _SAME_PART.get(fact.kind, ()) if (kind, part) in progress.shares]
    if named:
        return named[0] if shipment is None else _not_there_yet(progress, shipment, named[0])
    rest = ((line_id, _room(progress, fact.kind, line_id)) for line_id in progress.known.counted)
    return {line_id: left for line_id, left in rest if left > 0}


def _not_there_yet(progress: Progress, shipment: Fact, shares: Mapping[str, int]) -> Mapping[str, int]:
    """Of a shipment's goods: each of its parcels may be told of, by more than one system, and they arrive once."""
    there: dict[str, int] = defaultdict(int)
    for other in progress.all("DELIVERED"):
        if shipment_of(progress, other) is shipment:
            for line_id, quantity in progress.shares[other.key].items():
                there[line_id] += quantity
    return {line_id: max(0, quantity - there[line_id]) for line_id, quantity in shares.items()}


def shipment_of(progress: Progress, fact: Fact) -> Fact | None:
    """The shipment that a step means: by its part, else by the number of a parcel in it."""
    named = progress.fact("SHIPPED", fact.part)
    if named is not None or not fact.tracks:
        return named
    numbers = {track.number for track in fact.tracks}
    labelled = {progress.labels[number] for number in numbers & progress.labels.keys()}
    ready = [one for one in progress.all("PACKED", "PICKED") if one.part in labelled]
    for shipped in progress.all("SHIPPED"):
        if numbers & {track.number for track in shipped.tracks} or any(is_same_part(shipped, one) for one in ready):
            return shipped
    return None


def _room(progress: Progress, kind: str, line_id: str) -> int:
    """What a step may still say of a line."""
    most = progress.of("SHIPPED").get(line_id, 0) if kind in _OF_WHAT_LEFT else progress.open(line_id)
    return most - progress.of(kind).get(line_id, 0)


def _missing(progress: Progress, fact: Fact, shares: Mapping[str, int]) -> tuple[str, ...]:
    """Kinds of which one is still to come, or ()."""
    needed = _needed(progress, fact)
    if needed is None or _is_there(progress, fact, needed, shares):
        return ()
    return needed.kinds


def _needed(progress: Progress, fact: Fact) -> Predecessor | None:
    if fact.kind in IMPLIED and fact.system in progress.furthest:
        return AWAITS["PICKED"]
    needed = AWAITS[fact.kind]
    if fact.kind == "DELIVERED" and fact.named and not fact.lines:
        return Predecessor(("SHIPPED",), Await.PART)
    return needed


def _is_there(progress: Progress, fact: Fact, needed: Predecessor, shares: Mapping[str, int]) -> bool:
    if fact.kind == "DELIVERED" and needed.how is Await.PART:
        return shipment_of(progress, fact) is not None
    if needed.how is Await.PART:
        return any(progress.fact(kind, fact.part) is not None for kind in needed.kinds)
    is_said = any(kind in progress.counting for kind in needed.kinds)
    if needed.how is Await.ANY or not is_said:
        return is_said
    covered = [progress.of(kind) for kind in needed.kinds]
    return all(
        _stated(progress, fact, line_id, quantity) <= sum(one.get(line_id, 0) for one in covered)
        for line_id, quantity in shares.items()
    )


def _stated(progress: Progress, fact: Fact, line_id: str, quantity: int) -> int:
    """What must be covered: more than is open is a contradiction, which waiting does not cure."""
    total = progress.of(fact.kind).get(line_id, 0) + quantity
    return min(total, progress.known.ordered[line_id] if fact.kind in _OF_WHAT_LEFT else progress.open(line_id))


def _count(progress: Progress, fact: Fact, shares: Mapping[str, int]) -> None:
    """Add the step, never beyond what was ordered."""
    counted = {}
    for line_id, quantity in shares.items():
        total = progress.quantities[fact.kind][line_id] + quantity
        limit = progress.open(line_id) if fact.kind in _GOODS_LEFT else progress.known.ordered[line_id]
        if total > limit and fact.kind in _GOODS_LEFT:
            progress.excesses.append(Excess(line_id, fact.kind, total, limit, fact.stamp.at))
        counted[line_id] = min(quantity, max(0, limit - progress.quantities[fact.kind][line_id]))
        progress.quantities[fact.kind][line_id] += counted[line_id]
    progress.shares[fact.key] = {line_id: quantity for line_id, quantity in counted.items() if quantity}


def _note_strangers(progress: Progress, fact: Fact, names: tuple[str, ...]) -> None:
    progress.strangers.extend(Stranger(name, fact.kind, fact.stamp.at) for name in names)
