"""Labels of a carrier: which parts of an order want one, and which are void.

A label costs money, so one is asked for only where goods are ready and have not left: what left has a label already,
whoever made it.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from schemas.models.order_event import EventLine
from streams.domain.derived_id import derived_id
from streams.domain.order_entry import Asked, OrderEntry
from streams.domain.order_facts import Fact, is_same_part
from streams.domain.order_holds import LEFT, OVER
from streams.domain.order_parcels import BOOK, READY, answer_of, is_done
from streams.domain.order_progress import Progress
from streams.domain.order_stage import final_cancel
from streams.domain.order_standing import Standing
from streams.domain.order_table import OrderState
from streams.domain.order_view import event_lines

_NO_LABELS = OVER | LEFT | {OrderState.CANCELLING}


class LabelDue(NamedTuple):
    """A part that is ready to leave; `shipment` is how its warehouse calls it, "" where it does not say.

    `attempt` stands for where it goes, so that a corrected address is asked anew.
    """

    part: str
    shipment: str
    source_code: str
    lines: tuple[EventLine, ...]
    attempt: str


def labels_due(entry: OrderEntry, standing: Standing, ready: str) -> Iterator[LabelDue]:
    """`ready` is the step of the warehouse after which a part is ready: PACKED, or PICKED where it tells no packing."""
    order = standing.statement.order
    if entry.holds or order.shipping is None or entry.stage in _NO_LABELS:
        return
    attempt = derived_id(msgspec.msgpack.encode((order.shipping, order.shipping_method)))
    for fact in standing.look.all(ready):
        lines = event_lines(standing.progress, fact)
        has_parcel = bool(fact.tracks) or _has_left(standing.progress, fact.part, fact)
        if (
            lines
            and not has_parcel
            and not _is_let_go(standing, fact.part)
            and _may_ask(entry, standing.progress, fact.part)
        ):
            yield LabelDue(fact.part, fact.part if fact.named else "", fact.source_code, lines, attempt)


def _may_ask(entry: OrderEntry, progress: Progress, part: str) -> bool:
    """Not while it is asked, nor once it is booked: another address is for a refusal only."""
    answer = answer_of(progress, BOOK, part)
    return entry.asked_of(*BOOK, part) is None or (answer is not None and not is_done(answer))


def labels_void(entry: OrderEntry, standing: Standing) -> Iterator[Asked]:
    """What was booked, or is being booked, of goods that will not leave."""
    for asked in entry.asked:
        if asked.key[:2] != BOOK:
            continue
        answer = answer_of(standing.progress, BOOK, asked.part)
        is_there = answer is None or is_done(answer)
        if (
            is_there
            and _is_given_up(standing, asked)
            and not _has_left(standing.progress, asked.part, _ready(standing, asked))
        ):
            yield asked


def _is_given_up(standing: Standing, asked: Asked) -> bool:
    """The order is over, the warehouse gave the part up, or nothing of its lines is wanted any more."""
    look, progress = standing.look, standing.progress
    if final_cancel(look) is not None:
        return True
    if _is_let_go(standing, asked.part):
        return True
    return not any(
        progress.open(one.line_id) for one in asked.lines if one.line_id and one.line_id in progress.known.counted
    )


def _is_let_go(standing: Standing, part: str) -> bool:
    """Its warehouse gave it up."""
    return any(fact.part == part and not fact.lines for fact in standing.look.all("CANCELLED"))


def _ready(standing: Standing, asked: Asked) -> Fact | None:
    """The step that the label was asked for; None where it no longer counts."""
    facts = (standing.progress.fact(kind, asked.part) for kind in READY)
    return next((fact for fact in facts if fact is not None), None)


def _has_left(progress: Progress, part: str, ready: Fact | None) -> bool:
    """Goods have left also where their shipment waits for the step before it."""
    parked = (one.fact for one in progress.waiting if one.fact.kind == "SHIPPED")
    return any(
        shipped.part == part or (ready is not None and is_same_part(shipped, ready))
        for shipped in (*progress.all("SHIPPED"), *parked)
    )
