"""Why does the shop show this number?  The stored entry and rows of one SKU, as facts."""

from collections.abc import Sequence

from schemas.catalogue import STOCK_CHANGE
from schemas.models.source_item import SourceItem, StockPair
from schemas.models.stock_change import StockChange
from schemas.models.stock_reservation import Reservation
from streams.domain.lane_rows import Row, RowState, SkuRows
from streams.domain.quantities import to_decimal
from streams.domain.reservation import promisable
from streams.domain.scope import NEVER, Scope
from streams.domain.stock_entry import SourceState, StockEntry
from streams.domain.stock_position import Terms, terms_of
from streams.domain.stock_rules import StockRules
from streams.runtime.lookback import Lookback, Place
from streams.runtime.serde import Serde
from streams.sinks.lane_index import LaneIndex
from streams.topics import STOCK_INPUTS
from streams.web.stock_facts import (
    CauseFact,
    LedgerFact,
    ReservationFact,
    RowFact,
    RowsFact,
    ScopeFact,
    SourceFact,
    TermFact,
)

_TERMS: tuple[tuple[str, int], ...] = (
    ("on_hand", 1),
    ("available", 1),
    ("wip", 1),
    ("on_hold", -1),
    ("allocated", -1),
    ("channels", -1),
    ("shipped", 1),
    ("buffer", -1),
)
"""Terms of the formula in the order in which they are shown, and their signs."""


def ledger_fact(
    sku: str,
    partition: int,
    entry: StockEntry,
    version: str,
    *,
    causes: Sequence[CauseFact],
    reservations: Sequence[Reservation],
    rules: StockRules,
) -> LedgerFact:
    """What the ledger holds of a SKU."""
    terms = terms_of(entry, rules.sku_of(sku), rules)
    return LedgerFact(
        sku=sku,
        partition=partition,
        version=version,
        sources=tuple(_source(state, terms[state.code]) for state in entry.sources),
        scopes=tuple(_scope(scope) for scope in entry.scopes),
        causes=tuple(causes),
        near=(),
        reservations=tuple(_reservation(one) for one in reservations),
        promisable=text(max(0, promisable(entry, rules.sku_of(sku), rules))),
    )


def _reservation(told: Reservation) -> ReservationFact:
    return ReservationFact(
        id=told.reservation_id,
        client=told.client,
        state=told.state.lower(),
        quantity=text(told.quantity),
        sources=tuple(f"{part.source_code}: {text(part.quantity)}" for part in told.parts),
        expires_at=told.expires_at,
        order_id=told.order_id,
        decided_at=told.decided_at,
    )


def _source(state: SourceState, terms: Terms) -> SourceFact:
    return SourceFact(
        source_code=state.code,
        desired=text(state.quantity) if state.shown else None,
        in_stock=state.in_stock if state.shown else None,
        shown=state.shown,
        terms=tuple(TermFact(name, sign, text(getattr(terms, name))) for name, sign in _TERMS),
        without_base=terms.without_base,
        changes=state.changes,
        holds=state.holds,
        cause_topic=STOCK_INPUTS[state.cause_input].name,
        cause_offset=state.cause_offset,
    )


def _scope(scope: Scope) -> ScopeFact:
    return ScopeFact(
        location=scope.location,
        bucket=scope.bucket,
        source_system=scope.source_system,
        owner_code=scope.owner_code,
        value=text(scope.value),
        base=text(scope.base) if scope.has_base else None,
        base_at=scope.base_at if scope.has_base else None,
        newest_at=None if scope.newest_at == NEVER else scope.newest_at,
        remembered=scope.remembered,
        suspect=scope.suspect,
    )


async def causes(serde: Serde, lookback: Lookback, entry: StockEntry, partition: int) -> list[CauseFact]:
    """The last records behind the entry, newest first; those that left the log are named only."""
    topic = STOCK_INPUTS[0].name
    places = [Place(topic, partition, offset) for offset in reversed(entry.causes)]
    found = await lookback.read(places)
    records = [found[place] for place in places if place in found]
    values = iter(await serde.decode(STOCK_CHANGE, [record.value or b"" for record in records]))
    answers = {(r.partition, r.offset): (r.timestamp, value) for r, value in zip(records, values, strict=True)}
    return [_cause(place, *answers.get((place.partition, place.offset), (None, None))) for place in places]


def _cause(place: Place, timestamp: int | None, value: object) -> CauseFact:
    at = None if timestamp is None else timestamp * 1000
    if not isinstance(value, StockChange):
        return CauseFact(*place, at, None, None, None, None, None, None)
    quantity = text(value.quantity)
    return CauseFact(*place, at, value.kind, value.bucket, value.location_code, quantity, value.reason, value.event_id)


def rows_fact(sku: str, entry: SkuRows, index: LaneIndex) -> RowsFact:
    """What the lane holds of a SKU."""
    return RowsFact(sku, tuple(_row(sku, row, index) for row in entry.rows))


def _row(sku: str, row: Row, index: LaneIndex) -> RowFact:
    held = index.is_held(StockPair(row.source_code, sku))
    return RowFact(
        source_code=row.source_code,
        state="frozen" if held and row.state is RowState.DIRTY else row.state.name.lower(),
        wanted=text(row.to_write.quantity),
        wanted_in_stock=row.to_write.in_stock,
        wanted_version=str(row.version),
        acked=None if row.acked is None else text(row.acked.quantity),
        acked_in_stock=None if row.acked is None else row.acked.in_stock,
        acked_version=str(row.acked_version),
        acked_at=row.acked_at or None,
        dirty_since=row.dirty_since if row.state is not RowState.CLEAN else None,
        reason=row.reason,
        shipped=text(row.shipped),
    )


def text(micros: int) -> str:
    """Exact decimal of a quantity."""
    return str(to_decimal(micros))


def item_text(item: SourceItem) -> str:
    return f"{item.quantity} {'in stock' if item.in_stock else 'out of stock'}"
