"""What the simulated warehouses know: items, places, and books in which each change gets its number and its time."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal, NamedTuple

from simulators.wms.record import MICROS, Reference, StockRecord, to_decimal

Bucket = Literal["ON_HAND", "ALLOCATED", "ON_HOLD", "IN_TRANSIT", "AVAILABLE"]
POPULARITY_EXPONENT = 1.1  # Zipf: few items make most of the movements
SHELF_LIFE = timedelta(days=365)


@dataclass(frozen=True, eq=False, slots=True)
class Warehouse:
    """A location of one source system; `source_code` is the shop's name for it."""

    code: str
    source_system: str
    source_code: str
    owner_code: str | None = None
    states_available: bool = False
    """A drop-shipper: states AVAILABLE, absolute, and nothing else."""
    sequenced: bool = True
    """Some systems number nothing; then the event id alone tells a duplicate."""


WAREHOUSES = (
    Warehouse("WH-NORTH", "wms:main", "north"),
    Warehouse("WH-SOUTH", "wms:main", "south"),
    Warehouse("WH-SOUTH-2", "wms:3pl", "south", owner_code="MANUFACTURER"),
    Warehouse("DROPSHIP", "edi:dropship", "dropship", states_available=True, sequenced=False),
)


def locations_of(warehouses: Iterable[Warehouse]) -> dict[str, str]:
    """WMS location code → Commerce source code, as STREAMS_INVENTORY__LOCATIONS takes it."""
    return {warehouse.code: warehouse.source_code for warehouse in warehouses}


@dataclass(frozen=True, eq=False, slots=True)
class Item:
    """An article; `step` is the smallest movement, in micros of `uom`."""

    sku: str
    uom: str
    step: int
    popularity: float
    lot_tracked: bool = False


def catalogue(count: int) -> list[Item]:
    """`count` items, most popular first: every tenth by the metre, every 25th by the kilogram with six decimals."""
    return [_item(rank) for rank in range(1, count + 1)]


def _item(rank: int) -> Item:
    uom, step = "EA", MICROS
    if rank % 25 == 0:
        uom, step = "KG", 1_234_567
    elif rank % 10 == 0:
        uom, step = "M", 125_000
    return Item(f"SKU-{rank:05d}", uom, step, rank**-POPULARITY_EXPONENT, lot_tracked=rank % 7 == 0)


class Place(NamedTuple):
    """An item in a warehouse."""

    warehouse: Warehouse
    item: Item


def assortment(items: Sequence[Item], warehouses: Sequence[Warehouse], rng: Random) -> list[Place]:
    """Who stocks what: every item in at least one own warehouse, about a third also at each drop-shipper."""
    own = [warehouse for warehouse in warehouses if not warehouse.states_available]
    others = [warehouse for warehouse in warehouses if warehouse.states_available]
    places = []
    for item in items:
        stocked = rng.sample(own, rng.randint(1, len(own))) if own else []
        stocked += [warehouse for warehouse in others if not own or rng.random() < 1 / 3]
        places += [Place(warehouse, item) for warehouse in stocked]
    return places


@dataclass(frozen=True, slots=True)
class Entry:
    """Why a change is written, and when it happened by the warehouse's clock."""

    at: int
    reason: str
    reason_code: str | None = None
    bin_code: str | None = None
    status_code: str | None = None
    reference: Reference | None = None
    tie: bool = False
    """The change gets the same time as the one before it in its account."""


@dataclass(slots=True)
class Account:
    """One scope: source system, owner, location, SKU, bucket.  `quantity` is in micros."""

    place: Place
    bucket: Bucket
    sequence: int
    quantity: int = 0
    newest: int = 0


class Books:
    """Numbers and times every change per account; times rise strictly within an account unless a tie is asked for."""

    def __init__(self, run: str, *, first_sequence: int = 1, allow_negative: bool = False) -> None:
        self._run = run
        self._first = first_sequence
        self._allow_negative = allow_negative
        self._accounts: dict[tuple[Place, Bucket], Account] = {}
        self._documents = itertools.count(1)

    def quantity(self, place: Place, bucket: Bucket) -> int:
        """What the books hold now, in micros."""
        account = self._accounts.get((place, bucket))
        return account.quantity if account else 0

    def accounts(self) -> list[Account]:
        """Every account that was ever written."""
        return list(self._accounts.values())

    def open(self, place: Place, bucket: Bucket) -> None:
        """Makes sure that the account exists."""
        self._account(place, bucket)

    def document(self, prefix: str) -> str:
        """A fresh document number."""
        return f"{prefix}-{self._run}-{next(self._documents):07d}"

    def change(self, place: Place, bucket: Bucket, quantity: int, entry: Entry) -> StockRecord:
        """A DELTA of `quantity` micros."""
        account = self._account(place, bucket)
        return self._write(account, account.quantity + quantity, entry, delta=quantity)

    def state(self, place: Place, bucket: Bucket, quantity: int, entry: Entry) -> StockRecord:
        """An ABSOLUTE of `quantity` micros, whatever the books held."""
        return self._write(self._account(place, bucket), quantity, entry, delta=None)

    def _account(self, place: Place, bucket: Bucket) -> Account:
        account = self._accounts.get((place, bucket))
        if account is None:
            account = self._accounts[place, bucket] = Account(place, bucket, self._first - 1)
        return account

    def _write(self, account: Account, result: int, entry: Entry, *, delta: int | None) -> StockRecord:
        if result < 0 and not self._allow_negative:
            raise ValueError(f"{account.place.item.sku} {account.bucket} would fall to {result} micros")
        previous, account.quantity = account.quantity, result
        account.sequence += 1
        account.newest = max(entry.at, account.newest + 1) if not (entry.tie and account.newest) else account.newest
        return _record(self._run, account, entry, (delta, previous))


def _record(run: str, account: Account, entry: Entry, change: tuple[int | None, int]) -> StockRecord:
    warehouse, item = account.place
    delta, previous = change
    return {
        "event_id": f"{run}-{warehouse.code}-{item.sku}-{account.bucket}-{account.sequence}",
        "source_system": warehouse.source_system,
        "source_sequence": account.sequence if warehouse.sequenced else None,
        "owner_code": warehouse.owner_code,
        "sku": item.sku,
        "uom": item.uom,
        "location_code": warehouse.code,
        "bin_code": entry.bin_code,
        "kind": "ABSOLUTE" if delta is None else "DELTA",
        "bucket": account.bucket,
        "quantity": to_decimal(account.quantity if delta is None else delta),
        "previous_quantity": to_decimal(previous),
        "resulting_quantity": to_decimal(account.quantity),
        "reason": entry.reason,
        "reason_code": entry.reason_code,
        "lot": f"L-{item.sku}" if item.lot_tracked else None,
        "serials": [],
        "expires_on": _expiry(account.newest) if item.lot_tracked else None,
        "status_code": entry.status_code,
        "reference": entry.reference,
        "effective_at": account.newest,
        "recorded_at": account.newest + 1_000 * (1 + account.sequence % 50),
        "correlation_id": None,
        "extras": {},
    }


def _expiry(at: int) -> date:
    return (datetime.fromtimestamp(at // MICROS, tz=UTC) + SHELF_LIFE).date()
