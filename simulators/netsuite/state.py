"""Everything that the simulated account remembers, and the seed that a reset returns to."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from simulators.core.life import Life
from simulators.core.wire import JsonValue

Code = Annotated[str, msgspec.Meta(min_length=1)]


class RecordSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything that an order names: customer, currency, terms, shipping item, location, subsidiary, unit."""

    id: Code
    external_id: str | None = None
    name: str = ""


class PriceSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell of an item's price matrix: the price from this quantity on."""

    price: Decimal
    currency: str = "USD"
    level: str = "1"
    quantity: Decimal = Decimal(0)


class CustomerFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the account knows of a customer's credit; `terms` is the id of a record."""

    hold: Literal["AUTO", "ON", "OFF"] = "AUTO"
    balance: Decimal = Decimal(0)
    credit_limit: Decimal | None = None
    terms: str | None = None
    inactive: bool = False


class ItemSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`made`: built to order, so a line of it can open a work order; `lead_days` until it can be shipped.

    `price` is the base price in the first currency; `prices` are the other cells of the matrix.
    """

    id: Code
    external_id: str | None = None
    name: str = ""
    price: Decimal = Decimal(10)
    made: bool = False
    lead_days: int = 2
    inactive: bool = False
    unit: str | None = None
    prices: tuple[PriceSeed, ...] = ()


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a reset returns to."""

    customers: list[RecordSeed] = msgspec.field(default_factory=list)
    items: list[ItemSeed] = msgspec.field(default_factory=list)
    currencies: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("1", "USD", "US Dollar")])
    terms: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("2", "NET30", "Net 30")])
    ship_methods: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("31", None, "Ground")])
    discount_items: list[RecordSeed] = msgspec.field(
        default_factory=lambda: [RecordSeed("41", "commerce-discount", "Discount of the shop")]
    )
    locations: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("1", None, "Main")])
    subsidiaries: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("1", None, "Parent")])
    price_levels: list[RecordSeed] = msgspec.field(
        default_factory=lambda: [
            RecordSeed("-1", None, "Custom"),
            RecordSeed("1", None, "Base Price"),
            RecordSeed("5", None, "Online Price"),
        ]
    )
    units: list[RecordSeed] = msgspec.field(default_factory=lambda: [RecordSeed("1", None, "EA")])


@dataclass(slots=True)
class Line:
    """`fields` as they were sent, references resolved; what the account works out itself stands beside them."""

    line: int
    unique_key: int
    item: ItemSeed
    quantity: Decimal
    fields: dict[str, JsonValue]
    rate: Decimal
    amount: Decimal
    expected: date
    is_closed: bool = False
    fulfilled: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    work_order: str | None = None

    @property
    def left(self) -> Decimal:
        return Decimal(0) if self.is_closed else self.quantity - self.fulfilled


@dataclass(slots=True)
class SalesOrder:
    """`created` and `saved` count what was done to it: a document that was made once says 1."""

    id: int
    tran_id: str
    external_id: str | None
    header: dict[str, JsonValue]
    lines: list[Line]
    approved: bool
    created_at: float
    modified_at: float
    created: int = 1
    saved: int = 1
    cancelled: bool = False

    @property
    def status(self) -> str:
        """A to H, from the state of its lines."""
        if self.cancelled:
            return "C"
        if self.lines and all(line.is_closed for line in self.lines):
            return "H"
        if self.lines and all(line.billed >= line.quantity or line.is_closed for line in self.lines):
            return "G"
        if any(line.fulfilled for line in self.lines):
            return self._status_of_delivery()
        return "B" if self.approved else "A"

    def _status_of_delivery(self) -> str:
        if all(line.left <= 0 for line in self.lines):
            return "F"
        return "E" if any(line.billed for line in self.lines) else "D"


@dataclass(slots=True)
class Document:
    """What follows from an order: `kind` is the record's name, `source_id` the document that it was made from.

    `lines` are quantities by the order's line; `amount` is what it asks or gives back, 0 where it is no money.
    """

    id: int
    kind: str
    tran_id: str
    order_id: int
    source_id: int
    lines: Mapping[int, Decimal]
    status: str
    created_at: float
    modified_at: float
    amount: Decimal = Decimal(0)


@dataclass(slots=True)
class State:
    """A reset replaces the whole value, so work in flight keeps writing to the old one and disturbs nobody.

    `credit_held` are the ids of orders whose customer was put on credit hold for them.  `changed_lists` says when an
    item or a customer was changed by hand (`lists.py`).
    """

    seed: Seed
    orders: dict[int, SalesOrder] = field(default_factory=dict)
    documents: dict[int, Document] = field(default_factory=dict)
    by_order: dict[int, list[Document]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    life: Life = field(default_factory=Life)
    credit_held: set[int] = field(default_factory=set)
    customer_facts: dict[str, CustomerFacts] = field(default_factory=dict)
    changed_lists: dict[tuple[str, str], float] = field(default_factory=dict)
    lists_changed_at: float = 0.0
    lists_version: int = 0
    last_id: int = 1000
    last_unique_key: int = 0
    last_work_order: int = 0

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def by_external_id(self, external_id: str) -> SalesOrder | None:
        return next((one for one in self.orders.values() if one.external_id == external_id), None)

    def forget(self, external_id: str) -> int:
        """Deletes its orders; how many there were."""
        gone = [one.id for one in self.orders.values() if one.external_id == external_id]
        for order_id in gone:
            del self.orders[order_id]
        return len(gone)

    def add(self, document: Document) -> None:
        self.documents[document.id] = document
        self.by_order.setdefault(document.order_id, []).append(document)
        self.made[document.kind] += 1

    def of(self, order: SalesOrder, kind: str) -> list[Document]:
        """Its documents of that kind, oldest first."""
        return [one for one in self.by_order.get(order.id, ()) if one.kind == kind]

    def doubled(self) -> Iterator[str]:
        """External ids that more than one document carries; the real thing never lets that happen."""
        found = [one.external_id for one in self.orders.values() if one.external_id is not None]
        return (one for one in sorted(set(found)) if found.count(one) > 1)


def numbered(codes: Sequence[str | RecordSeed], first: int) -> list[RecordSeed]:
    """Codes become records with that external id."""
    return [
        RecordSeed(str(number), code, code) if isinstance(code, str) else code
        for number, code in enumerate(codes, start=first)
    ]


def numbered_items(codes: Sequence[str | ItemSeed], first: int = 501) -> list[ItemSeed]:
    return [
        ItemSeed(str(number), code, code) if isinstance(code, str) else code
        for number, code in enumerate(codes, start=first)
    ]


def numbered_skus(count: int) -> list[str]:
    """SKU-00001 and on, as other simulators call theirs."""
    return [f"SKU-{number:05d}" for number in range(1, count + 1)]


def default_seed() -> Seed:
    """A business account, one for guests, two currencies, and the items of a small shop."""
    items = [
        ItemSeed("501", "PUMP-P100", "Pump P100", Decimal("489.00")),
        ItemSeed("502", "VALVE-DN50", "Gate valve DN50", Decimal("74.50")),
        ItemSeed("503", "SEAL-KIT-7", "Seal kit 7", Decimal("12.90")),
        ItemSeed("504", "CABLE-3X15", "Cable 3 x 1.5, by the metre", Decimal("1.15")),
        ItemSeed("505", "MOTOR-M2", "Motor M2, made to order", Decimal("1290.00"), made=True, lead_days=21),
    ]
    return Seed(
        customers=[RecordSeed("101", "C-1004", "Example Works"), RecordSeed("102", "GUEST", "Guests of the shop")],
        items=items,
        currencies=[RecordSeed("1", "USD", "US Dollar"), RecordSeed("4", "EUR", "Euro")],
    )
