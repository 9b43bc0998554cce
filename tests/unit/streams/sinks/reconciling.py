"""A lane with a settled shop, drift that somebody plants, and runs of the comparison."""

from decimal import Decimal

from schemas.models.source_item import SourceItem, StockPair
from streams.domain.drift import KINDS, Verdict
from streams.domain.reconciliation import Request, Run, RunState, Scope
from tests.unit.streams.sinks.lane import Lane, desired

SKUS = [f"S{number:04d}" for number in range(60)]


async def settled(lane: Lane, *skus: str, units: float = 10) -> None:
    """Each at both sources, written and acknowledged."""
    await lane.fold(*(desired(sku, 1, north=units, south=units) for sku in skus or SKUS))
    await lane.at_rest()


def edit(lane: Lane, sku: str, units: float, source: str = "north", *, in_stock: bool = True) -> StockPair:
    """Somebody writes at the shop, past us."""
    pair = StockPair(source, sku)
    lane.shop.rows[pair] = SourceItem(sku, source, Decimal(str(units)), in_stock)
    return pair


def remove(lane: Lane, sku: str, source: str = "north") -> StockPair:
    return lane.shop.rows.pop(StockPair(source, sku)).pair


def start(lane: Lane, scope: Scope = Scope.FULL, *, run: str = "r", **asked: object) -> None:
    lane.lane.reconciliation.ask(Request(run, scope, by="ann", **asked))  # type: ignore[arg-type]


def find(lane: Lane, run: str = "r") -> Run | None:
    return next((one for one in lane.lane.reconciliation.runs if one.request.run == run), None)


async def ended(lane: Lane, run: str = "r") -> Run:
    def is_over() -> bool:
        known = find(lane, run)
        return known is not None and known.state is not RunState.RUNNING

    await lane.until(is_over, passing=1)
    found = find(lane, run)
    assert found is not None
    return found


async def compare(lane: Lane, scope: Scope = Scope.FULL, *, run: str = "r", **asked: object) -> Run:
    """One run to its end."""
    start(lane, scope, run=run, **asked)
    return await ended(lane, run)


def told(run: Run) -> set[tuple[Verdict, StockPair]]:
    """What a run found, each pair once."""
    found = [(one.kind, one.pair) for one in run.drift]
    assert len(found) == len(set(found)) == sum(run.looks[kind] for kind in KINDS)
    return set(found)
