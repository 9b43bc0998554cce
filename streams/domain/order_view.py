"""What an order's standing means for each line, part, document and sum: the part of the entry that people read."""

from collections.abc import Iterable

from schemas.models.order_event import EventLine
from streams.domain.order_entry import Document, LineState, Part, PaymentState
from streams.domain.order_facts import Fact, Request, newest
from streams.domain.order_parcels import tracks_of
from streams.domain.order_progress import Progress, shipment_of
from streams.domain.order_standing import Standing
from streams.domain.order_table import ANSWERED

DOCUMENT_KINDS = ("ACKNOWLEDGED", "WORK_ORDER_OPENED", "INVOICED", "REFUNDED")


def line_states(standing: Standing) -> tuple[LineState, ...]:
    return tuple(_line(standing, line_id) for line_id in standing.progress.known.counted)


def _line(standing: Standing, line_id: str) -> LineState:
    progress = standing.progress
    line = progress.known.counted[line_id]
    done = {kind: progress.of(kind).get(line_id, 0) for kind in (*_KINDS, "CANCELLED", "REFUNDED")}
    picked = max(done["PICKED"], done["PACKED"], done["SHIPPED"])
    work_order = newest(_about(progress, line_id, line.sku, "WORK_ORDER_OPENED"))
    return LineState(
        line_id=line_id,
        sku=line.sku,
        ordered=progress.known.ordered[line_id],
        allocated=max(done["ALLOCATED"], picked),
        picked=picked,
        packed=max(done["PACKED"], done["SHIPPED"]),
        shipped=done["SHIPPED"],
        delivered=done["DELIVERED"],
        cancelled=done["CANCELLED"],
        returned=done["RETURN_RECEIVED"],
        refunded=done["REFUNDED"],
        make_to_order=line.make_to_order,
        work_order="" if work_order is None else work_order.part,
        promised_at=_promised(progress, line_id, line.sku),
    )


_KINDS = ("ALLOCATED", "PICKED", "PACKED", "SHIPPED", "DELIVERED", "RETURN_RECEIVED")


def _about(progress: Progress, line_id: str, sku: str, kind: str) -> tuple[Fact, ...]:
    """Facts of a kind that speak of the line, by id or by SKU."""
    return tuple(
        fact
        for fact in progress.all(kind)
        if any(one.line_id == line_id or (not one.line_id and one.sku == sku) for one in fact.lines)
    )


def _promised(progress: Progress, line_id: str, sku: str) -> int | None:
    """The newest date named, for the line or for the whole order."""
    whole = [fact for fact in progress.all("DATE_MOVED") if not fact.lines]
    found = newest((*whole, *_about(progress, line_id, sku, "DATE_MOVED")))
    return None if found is None else found.expected_at


def promised_at(lines: Iterable[LineState]) -> int | None:
    """When the last line that is still to come is promised."""
    return max((line.promised_at for line in lines if line.open > 0 and line.promised_at is not None), default=None)


def payment_of(standing: Standing) -> PaymentState:
    """The channel's own account of it, or what systems stated since, whichever is more."""
    stated = standing.statement.order.payment
    return PaymentState(
        authorised=_most(standing.progress, "AUTHORISED", stated.authorised),
        captured=_most(standing.progress, "CAPTURED", stated.captured),
        invoiced=_most(standing.progress, "INVOICED", None),
        refunded=_most(standing.progress, "REFUNDED", stated.refunded),
    )


def _most(progress: Progress, kind: str, stated: int | None) -> int | None:
    """Systems tell of the same money, each under its own document: the largest sum of one system counts."""
    sums: dict[str, int] = {}
    for fact in progress.all(kind):
        if fact.amount is not None:
            sums[fact.system] = sums.get(fact.system, 0) + fact.amount
    known = [*sums.values(), *([] if stated is None else [stated])]
    return max(known, default=None)


def documents_of(standing: Standing) -> tuple[Document, ...]:
    found = standing.progress.all(*DOCUMENT_KINDS)
    return tuple(sorted({Document(fact.system, fact.kind, fact.document) for fact in found if fact.document}))


def parts_of(standing: Standing) -> tuple[Part, ...]:
    progress = standing.progress
    shipments = (_part(progress, fact, "CREATE_SHIPMENT", ("DELIVERED",)) for fact in progress.all("SHIPPED"))
    answers = ("RETURN_RECEIVED", "RETURN_REJECTED")
    returns = (_part(progress, fact, "SET_RETURN_NUMBER", answers) for fact in progress.all("RETURN_REQUESTED"))
    return (*shipments, *returns)


def _part(progress: Progress, fact: Fact, command: str, ends: tuple[str, ...]) -> Part:
    answer = progress.fact(ANSWERED, "/".join(Request("commerce", command, fact.part)))
    return Part(
        kind="SHIPMENT" if fact.kind == "SHIPPED" else "RETURN",
        part=fact.part,
        source_code=fact.source_code,
        lines=event_lines(progress, fact),
        tracks=tracks_of(progress, fact) if fact.kind == "SHIPPED" else fact.tracks,
        document=fact.document,
        is_done=any(progress.fact(end, fact.part) is not None for end in ends)
        or any(shipment_of(progress, one) is fact for one in progress.all("DELIVERED") if one.tracks),
        posted="" if answer is None or answer.reason else answer.document,
    )


def event_lines(progress: Progress, fact: Fact) -> tuple[EventLine, ...]:
    """The counted lines of a step, with their serial numbers."""
    shares = progress.shares.get(fact.key, {})
    found = []
    for line_id in progress.known.counted:
        if quantity := shares.get(line_id, 0):
            sku = progress.known.counted[line_id].sku
            named = [one for one in fact.lines if one.line_id == line_id or (not one.line_id and one.sku == sku)]
            serials = tuple(serial for one in named for serial in one.serials)
            found.append(EventLine(line_id=line_id, sku=sku, quantity=quantity, serials=serials))
    return tuple(found)
