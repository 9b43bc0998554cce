"""The ideal stream: what the warehouses would send if nothing were ever repeated, late or out of order."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from simulators.wms.actions import ACTIONS, MIX, Action
from simulators.wms.floor import Floor
from simulators.wms.model import WAREHOUSES, Account, Books, Bucket, Entry, Place, Warehouse, assortment, catalogue
from simulators.wms.record import RecountRequest, StockRecord

STATED: tuple[Bucket, ...] = ("ON_HAND", "ON_HOLD", "IN_TRANSIT", "AVAILABLE")
"""Buckets that a snapshot or a recount states; ALLOCATED only where the reader knows what it contains."""
TRIES = 50


@dataclass(frozen=True)
class WorldSettings:
    """What the simulated company looks like; the same settings and the same seed give the same stream."""

    items: int = 100
    warehouses: Sequence[Warehouse] = WAREHOUSES
    run: str = "sim"
    """Part of every event id."""
    first_sequence: int = 1
    """A second run against the same topic must not number from 1 again: a known number is a duplicate."""
    without_base: float = 0.0
    """Share of places whose stock is never stated at the opening."""
    allow_negative: bool = False
    state_allocations: bool = False
    """Snapshots and recounts state ALLOCATED of channels other than the web, absolute."""
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))


class Traffic:
    """Makes stock records, one act at a time; every time is given from outside, in microseconds."""

    def __init__(self, settings: WorldSettings, rng: Random) -> None:
        self._settings = settings
        self._rng = rng
        places = assortment(catalogue(settings.items), settings.warehouses, rng)
        self.books = Books(settings.run, first_sequence=settings.first_sequence, allow_negative=settings.allow_negative)
        self.floor = Floor(places, self.books)
        self._places = places
        self._actions, self._weights = _weighted(settings.mix)

    def opening(self, at: int) -> Iterator[StockRecord]:
        """The first statement of every place; one in twenty starts empty."""
        for place in self._places:
            if self._rng.random() < self._settings.without_base:
                continue
            steps = 0 if self._rng.random() < 1 / 20 else self._rng.randint(1, 200)
            bucket: Bucket = "AVAILABLE" if place.warehouse.states_available else "ON_HAND"
            yield self.books.state(place, bucket, steps * place.item.step, Entry(at, "SNAPSHOT"))

    def act(self, at: int) -> list[StockRecord]:
        """One business act; acts that are not possible now are passed over."""
        for _ in range(TRIES):
            action = self._rng.choices(self._actions, cum_weights=self._weights)[0]
            if records := action(self.floor, self._rng, at):
                return records
        raise ValueError(f"none of {TRIES} acts was possible: the mix holds nothing that starts from what there is")

    def snapshot(self, at: int) -> list[StockRecord]:
        """The nightly statement of everything that the books hold."""
        return [record for account in self.books.accounts() for record in self._state(account, Entry(at, "SNAPSHOT"))]

    def recount(self, request: RecountRequest, at: int) -> list[StockRecord]:
        """The answer to a request: what the books hold now of the scope that is asked for, stated anew."""
        places = [place for place in self._places if _asks_for(request, place)]
        entry = Entry(at, "CYCLE_COUNT" if request["bucket"] else "SNAPSHOT", reason_code=request["request_id"])
        return [
            record for account in self._accounts_of(places, request["bucket"]) for record in self._state(account, entry)
        ]

    def _accounts_of(self, places: Sequence[Place], bucket: str | None) -> list[Account]:
        for place in places:  # a place that nothing was written of holds 0, and can say so
            self.books.open(place, "AVAILABLE" if place.warehouse.states_available else "ON_HAND")
        return [
            account for account in self.books.accounts() if account.place in places and bucket in {None, account.bucket}
        ]

    def _state(self, account: Account, entry: Entry) -> list[StockRecord]:
        if account.bucket in STATED:
            return [self.books.state(account.place, account.bucket, max(account.quantity, 0), entry)]
        if not self._settings.state_allocations:
            return []
        return [self._state_other_channels(account, entry)]

    def _state_other_channels(self, account: Account, entry: Entry) -> StockRecord:
        """ALLOCATED without what the web shop has reserved; the books go on with both."""
        total = account.quantity
        others = sum(
            allocation.quantity
            for allocation in self.floor.allocations
            if allocation.place == account.place and allocation.commerce_order is None
        )
        record = self.books.state(account.place, account.bucket, others, entry)
        account.quantity = total
        record["previous_quantity"] = record["resulting_quantity"] = None
        return record


def _weighted(mix: Mapping[str, float]) -> tuple[list[Action], list[float]]:
    unknown = set(mix) - set(ACTIONS)
    if unknown:
        raise ValueError(f"unknown acts in the mix: {', '.join(sorted(unknown))}")
    return [ACTIONS[name] for name in mix], list(itertools.accumulate(mix.values()))


def _asks_for(request: RecountRequest, place: Place) -> bool:
    warehouse = place.warehouse
    return (
        request["sku"] == place.item.sku
        and request["source_system"] in {"", warehouse.source_system}
        and request["owner_code"] in {None, warehouse.owner_code}
        and request["location_code"] in {None, warehouse.code}
    )
