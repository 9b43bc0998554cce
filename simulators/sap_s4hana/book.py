"""Every sales order of the simulated company, and what happens to it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from simulators.core.life import Life
from simulators.sap_s4hana.customizing import Entity, rows, text
from simulators.sap_s4hana.documents import FollowOns
from simulators.sap_s4hana.errors import ODataError, locked
from simulators.sap_s4hana.settings import Settings

DAY_MS = 86_400_000
CENT = Decimal("0.01")


@dataclass(slots=True)
class Item:
    """An item as it was sent, and its life since."""

    number: str
    sent: Entity
    rejection_reason: str = ""
    delivered: bool = False
    confirmed: Decimal = Decimal(0)
    confirmed_ms: int | None = None
    work_order: str | None = None
    work_order_done: bool = False
    delivery: str | None = None

    @property
    def quantity(self) -> Decimal:
        return Decimal(text(self.sent, "RequestedQuantity"))

    @property
    def is_open(self) -> bool:
        return not self.rejection_reason and not self.delivered


@dataclass(slots=True)
class Document:
    """One order; `change` counts its changes and makes its etag."""

    number: str
    sent: Entity
    made_at: float
    changed_at: float
    items: list[Item] = field(default_factory=list)
    credit: str = ""
    change: int = 1
    lock_ends_at: float = 0.0
    lock_user: str = ""

    @property
    def reference(self) -> str:
        return text(self.sent, "PurchaseOrderByCustomer")

    @property
    def etag(self) -> str:
        moment = datetime.fromtimestamp(self.changed_at, UTC).strftime("%Y-%m-%dT%H%%3A%M%%3A%S")
        return f"W/\"datetimeoffset'{moment}.{self.change:07d}Z'\""

    def item(self, number: str) -> Item | None:
        wanted = number.lstrip("0")
        return next((item for item in self.items if item.number == wanted), None)

    def touch(self, at: float) -> None:
        self.changed_at, self.change = at, self.change + 1

    def check_lock(self, at: float) -> None:
        """Raises ODataError while somebody has the order open."""
        if at < self.lock_ends_at:
            raise locked(self.number, self.lock_user)


class Book:
    """Orders by number; a new one for each create, whatever it says."""

    def __init__(self, first_number: int) -> None:
        self._next = first_number
        self._work_order = 1_000_001
        self._delivery = 80_000_001
        self.follow_ons = FollowOns()
        self.life = Life()
        self.made_at: dict[str, float] = {}
        self.documents: dict[str, Document] = {}

    def add(self, sent: Entity, at: float, settings: Settings) -> Document:
        document = Document(str(self._next), sent, made_at=at, changed_at=at)
        self._next += 1
        document.items = [self._item(index, one, sent, at, settings) for index, one in enumerate(rows(sent, "to_Item"))]
        document.credit = "B" if text(sent, "SoldToParty") in settings.credit_held else "A"
        self.documents[document.number] = document
        if document.reference:
            self.life.begin(document.number, at)
        return document

    def forget(self, reference: str) -> int:
        """Deletes its orders; how many there were."""
        gone = [one.number for one in self.documents.values() if one.reference == reference]
        for number in gone:
            del self.documents[number]
        return len(gone)

    def new_delivery(self, at: float) -> str:
        self._delivery += 1
        return self._made(str(self._delivery - 1), at)

    def _made(self, number: str, at: float) -> str:
        self.made_at[number] = at
        return number

    def visible(self, at: float, settings: Settings) -> list[Document]:
        """Those that a search finds, in the order of their numbers."""
        return [one for one in self.documents.values() if one.made_at + settings.read_lag_s <= at]

    def find(self, number: str) -> Document | None:
        """By its own number an order is there at once."""
        return self.documents.get(number.lstrip("0"))

    def by_reference(self) -> dict[str, int]:
        """How many orders carry each customer reference: 2 is what nobody wants to see."""
        return dict(Counter(document.reference for document in self.documents.values()))

    def _item(self, index: int, sent: Entity, order: Entity, at: float, settings: Settings) -> Item:
        item = Item(text(sent, "SalesOrderItem").lstrip("0") or str((index + 1) * 10), sent)
        part = {"all": Decimal(1), "half": Decimal("0.5"), "none": Decimal(0)}[settings.confirm]
        item.confirmed = item.quantity * part
        if part:
            item.confirmed_ms = promised_ms(order, at, settings)
        if text(sent, "Material") in settings.made_to_order:
            item.work_order = self._made(str(self._work_order), at)
            self._work_order += 1
        return item


def amounts_of(item: Item) -> tuple[Decimal, Decimal]:
    """Net and tax of an item: its first condition is a price by quantity, others are fixed amounts, those with TX tax.

    An item without conditions costs 10 a piece.
    """
    net, tax = Decimal(0), Decimal(0)
    conditions = rows(item.sent, "to_PricingElement")
    for index, one in enumerate(conditions):
        value = Decimal(text(one, "ConditionRateValue") or "0")
        per = Decimal(text(one, "ConditionQuantity") or "0") or Decimal(1)
        is_tax = "TX" in text(one, "ConditionType")
        tax += value if is_tax else 0
        net += 0 if is_tax else value * item.quantity / per if index == 0 else value
    return (net if conditions else item.quantity * 10).quantize(CENT), tax.quantize(CENT)


def change_item(document: Document, item: Item, change: Entity, settings: Settings) -> None:
    """Raises ODataError where the item can no longer be rejected."""
    reason = text(change, "SalesDocumentRjcnReason")
    if reason and reason not in settings.rejection_reasons:
        raise ODataError(400, "V1/317", f"Reason for rejection {reason} is not defined")
    if reason and item.delivered:
        raise ODataError(400, "V1/493", f"Item {item.number} of {document.number} cannot be rejected: it is delivered")
    if "SalesDocumentRjcnReason" in change:
        item.rejection_reason = reason
    item.sent.update({name: value for name, value in change.items() if name != "SalesDocumentRjcnReason"})


def promised_ms(order: Entity, at: float, settings: Settings) -> int:
    """The day asked for, or as soon as the company can."""
    earliest = (int(at * 1000) // DAY_MS + settings.delivery_days) * DAY_MS
    asked = text(order, "RequestedDeliveryDate").removeprefix("/Date(").removesuffix(")/")
    return max(earliest, int(asked)) if asked else earliest
