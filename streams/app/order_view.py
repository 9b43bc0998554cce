"""Where is this order?  The stored entry of one order and the work of its sinks, as facts."""

from collections.abc import Iterator, Sequence
from itertools import islice

from schemas.models.command import Command
from schemas.models.order import Address, Order
from streams.domain.order_entry import LineState, OrderEntry, Part, Statement
from streams.domain.order_facts import Fact
from streams.domain.quantities import to_decimal
from streams.domain.work import Pending, Work
from streams.sinks.lane_shipments import Standing
from streams.web.order_facts import (
    DocumentFact,
    EntryFact,
    HoldFact,
    LaneStandFact,
    LineFact,
    ParkedFact,
    PartFact,
    PendingFact,
    QueueRow,
    SaidFact,
    ShipmentFact,
    ShortFact,
    WorkFact,
)

SAID_AT_MOST = 200
LINES_NAMED = 3


def entry_fact(order_id: str, partition: int, version: str, entry: OrderEntry, works: Sequence[WorkFact]) -> EntryFact:
    """What the orders table holds of an order; `works` is what the sinks hold of it."""
    said = sorted((*map(_stated, entry.statements), *(_said(fact, entry) for fact in entry.facts)), key=_moment)
    order = entry.order
    return EntryFact(
        order_id=order_id,
        partition=partition,
        version=version,
        state=entry.state.value,
        stage=entry.stage.value,
        channel="" if order is None else order.channel,
        number="" if order is None else order.number,
        status="" if order is None else order.status,
        placed_at=None if order is None else order.placed_at,
        currency="" if order is None else order.currency,
        total=_total(order),
        erp_number=entry.erp_number,
        promised_at=entry.promised_at,
        lines=tuple(map(_line, entry.lines)),
        documents=tuple(DocumentFact(one.system, one.kind, one.number) for one in entry.documents),
        parts=tuple(map(_part, entry.parts)),
        holds=holds_of(entry),
        parked=tuple(ParkedFact(one.kind, one.part, one.waits_for, one.until) for one in entry.parked),
        said=tuple(said[-SAID_AT_MOST:]),
        said_in_all=len(said),
        asked=tuple(one.key for one in entry.asked),
        works=tuple(works),
    )


def holds_of(entry: OrderEntry) -> tuple[HoldFact, ...]:
    """Why a person must look: what holds the order, and then what does not."""
    return tuple(HoldFact(hold.reason, hold.detail, hold.at) for hold in (*entry.holds, *entry.remarks))


def held_row(order_id: str, entry: OrderEntry) -> QueueRow:
    """An order that waits for a person, since the first of its reasons."""
    return QueueRow(
        order_id=order_id,
        since=min((hold.at for hold in (*entry.holds, *entry.remarks)), default=None),
        state=entry.state.value,
        holds=holds_of(entry),
        currency="" if entry.order is None else entry.order.currency,
        total=_total(entry.order),
        promised_at=entry.promised_at,
    )


def waiting_row(order_id: str, role: str, work: Work, head: Command | None) -> QueueRow:
    """An order whose next command is not answered, since that was decided."""
    return QueueRow(
        order_id=order_id,
        since=None if head is None else head.at,
        role=role,
        what="" if head is None else head.kind,
        attempts=work.attempts,
        held=work.held or "",
    )


def pending_fact(command: Command | None) -> PendingFact:
    return PendingFact("", "", None) if command is None else PendingFact(command.kind, command.part or "", command.at)


def shipment_fact(command: Command | None, pending: Pending, work: WorkFact, masked: int) -> ShipmentFact:
    """One that the shop has not posted; where it cannot be read, its place still says that it is there."""
    source = "" if command is None else command.source_code or ""
    part, at = ("", None) if command is None else (command.part or "", command.at)
    return ShipmentFact(part=part, source_code=source, at=at, offset=pending.place[2], work=work, masked=masked)


def lane_fact(standing: Standing, mode: str) -> LaneStandFact:
    short = tuple(ShortFact(one.sku, text(one.shown), text(one.needed)) for one in standing.short)
    return LaneStandFact(mode, short, standing.written)


def people_of(order: Order) -> tuple[tuple[str, str], ...]:
    """Everything of an order that can name somebody; only what is there."""
    customer = order.customer
    found = [
        ("customer", f"{customer.first_name} {customer.last_name}".strip()),
        ("customer mail", customer.email),
        ("customer company", customer.company or ""),
        ("customer tax id", customer.tax_id or ""),
        *_address("billing", order.billing),
        *(_address("shipping", order.shipping) if order.shipping is not None else ()),
    ]
    for one in order.contacts:
        found += [(f"contact {one.role}", ", ".join(filter(None, (one.name, one.email, one.telephone))))]
    found += [("instructions", order.instructions or "")]
    found += [(f"note of line {line.line_id}", line.note or "") for line in order.lines]
    return tuple((name, value) for name, value in found if value)


def _address(which: str, one: Address) -> Iterator[tuple[str, str]]:
    yield which, f"{one.first_name} {one.last_name}".strip()
    yield f"{which} company", one.company or ""
    yield f"{which} address", ", ".join(filter(None, (*one.street, one.postcode, one.city, one.region, one.country)))
    yield f"{which} telephone", one.telephone or ""
    yield f"{which} tax id", one.vat_id or ""


def _total(order: Order | None) -> str | None:
    total = None if order is None else order.totals.grand_total
    return None if total is None else money(total)


def _line(one: LineState) -> LineFact:
    return LineFact(
        line_id=one.line_id,
        sku=one.sku,
        ordered=text(one.ordered),
        allocated=text(one.allocated),
        picked=text(one.picked),
        packed=text(one.packed),
        shipped=text(one.shipped),
        delivered=text(one.delivered),
        cancelled=text(one.cancelled),
        returned=text(one.returned),
        refunded=text(one.refunded),
        make_to_order=one.make_to_order,
        work_order=one.work_order,
        promised_at=one.promised_at,
    )


def _part(one: Part) -> PartFact:
    tracks = tuple(" ".join(filter(None, (track.carrier_code, track.number))) for track in one.tracks)
    return PartFact(one.kind, one.part, one.source_code, one.document, tracks, one.is_done, one.posted)


def _stated(one: Statement) -> SaidFact:
    failing, filled = ", ".join(one.failing or ()), ", ".join(one.filled)
    told = "; ".join(filter(None, (failing, filled and f"filled in from the account: {filled}")))
    system = one.order.source_system
    return SaidFact(one.first_at, one.kind, system, "", one.order.number, "", told, "counts")


def _said(fact: Fact, entry: OrderEntry) -> SaidFact:
    waits = {(one.kind, one.part) for one in entry.parked}
    standing = "refused" if fact.key in entry.refused else "waits" if fact.key in waits else "counts"
    part = fact.part if fact.named or fact.kind == "ANSWERED" else ""
    return SaidFact(
        fact.first_at, fact.kind, fact.system, part, _document(fact), _quantities(fact), fact.reason, standing
    )


def _document(fact: Fact) -> str:
    """Of a label: carrier, number and service, and what it costs."""
    if fact.kind != "ANSWERED" or not fact.tracks:
        return fact.document
    parcels = (" ".join(filter(None, (one.carrier_code, one.number, one.title))) for one in fact.tracks)
    price = "" if fact.amount is None else f"{money(fact.amount)} {fact.currency}".strip()
    return ", ".join(filter(None, (*parcels, price)))


def _quantities(fact: Fact) -> str:
    named = [f"{text(line.quantity)} × {line.sku}" for line in islice(fact.lines, LINES_NAMED)]
    more = len(fact.lines) - len(named)
    return ", ".join([*named, *([f"{more} more lines"] if more else [])])


def _moment(one: SaidFact) -> int:
    return one.at


def money(micros: int) -> str:
    """Exact, with two decimals at least."""
    exact = to_decimal(micros)
    return f"{exact:.2f}" if micros % 10_000 == 0 else str(exact)


def text(micros: int) -> str:
    """Exact decimal of a quantity or of money."""
    return str(to_decimal(micros))
