"""How two ledgers differ in what they know of a SKU: what they would show first, then what they hold inside.

Numbers that only count batches or name offsets (versions, guards, causes) say nothing of the stock and are left out.
"""

from collections.abc import Iterator

from streams.domain.differences import Difference, Example
from streams.domain.quantities import to_decimal
from streams.domain.scope import Scope
from streams.domain.stock_entry import SourceState, StockEntry


def entry_differences(sku: str, live: StockEntry | None, fresh: StockEntry | None) -> Iterator[Difference]:
    """`live` is what the workers hold, `fresh` what the log gives; None where one does not know the SKU."""
    old, new = live or StockEntry(), fresh or StockEntry()
    shown = [one for code in _codes(old, new) for one in _source(sku, old.source(code), new.source(code))]
    if live is None or fresh is None:
        kind = "sku-only-rebuilt" if live is None else "sku-only-live"
        yield Difference(kind, "", Example(sku, "", _summary(live), _summary(fresh)))
    elif shown:
        yield from shown
    else:
        yield from _inside(sku, old, new)


def _codes(old: StockEntry, new: StockEntry) -> list[str]:
    return sorted({state.code for state in (*old.sources, *new.sources)})


def _source(sku: str, old: SourceState, new: SourceState) -> Iterator[Difference]:
    if (old.shown, old.quantity, old.in_stock) == (new.shown, new.quantity, new.in_stock):
        return
    kind = "shown" if old.shown != new.shown else "quantity" if old.quantity != new.quantity else "status"
    yield Difference(kind, old.code, Example(sku, old.code, _state(old), _state(new)))


def _state(state: SourceState) -> str:
    if not state.shown:
        return "not shown"
    return f"{to_decimal(state.quantity)} {'in stock' if state.in_stock else 'out of stock'}"


def _summary(entry: StockEntry | None) -> str | None:
    if entry is None:
        return None
    return ", ".join(f"{state.code}: {_state(state)}" for state in entry.sources) or "nothing shown"


def _inside(sku: str, old: StockEntry, new: StockEntry) -> Iterator[Difference]:
    """Buckets that differ although the shop would show the same."""
    for place in sorted({(one.location, one.bucket) for one in (*old.scopes, *new.scopes)}):
        before, after = old.scope(*place), new.scope(*place)
        if _held(before) != _held(after):
            where = " ".join(place)
            yield Difference("bucket", place[1], Example(sku, where, _bucket(before), _bucket(after)))


def _held(scope: Scope | None) -> tuple[object, ...] | None:
    if scope is None:
        return None
    return scope.source_system, scope.owner_code, scope.base_at, scope.base, scope.after_base, scope.web


def _bucket(scope: Scope | None) -> str | None:
    if scope is None:
        return None
    since = "counted" if scope.has_base else "never counted"
    return f"{to_decimal(scope.value)}, {since}, by {scope.source_system}"
