"""What happens to a sales order: made or replaced by external id, changed, delivered, billed.

Facts: Oracle's help, section_156335203191 (upsert by external id); field and line names from contract.json.  That the
lines of a body without `replace=item` are added to those that exist, and that a line with a delivery cannot be
replaced, is general knowledge, as far as it could be had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from simulators.core.wire import JsonValue, Number
from simulators.netsuite.errors import ApiError, invalid, missing, user_error
from simulators.netsuite.settings import Settings
from simulators.netsuite.state import Document, ItemSeed, Line, RecordSeed, SalesOrder, State
from simulators.netsuite.views import total

Record = TypeVar("Record", RecordSeed, ItemSeed)

CUSTOM_PRICE = "-1"
HEADER_REFERENCES = {
    "entity": "customers",
    "currency": "currencies",
    "terms": "terms",
    "shipMethod": "ship_methods",
    "discountItem": "discount_items",
    "location": "locations",
    "subsidiary": "subsidiaries",
}
WORKED_OUT = frozenset(
    {"id", "externalId", "tranId", "status", "orderStatus", "createdDate", "lastModifiedDate", "total", "subtotal"}
)
CENT = Decimal("0.01")
NUMBERS = {
    "itemFulfillment": "IF",
    "invoice": "INV",
    "workOrder": "WO",
    "returnAuthorization": "RMA",
    "creditMemo": "CM",
}


class Saved(NamedTuple):
    """`made` says whether the order was not there before."""

    order: SalesOrder
    made: bool


@dataclass(frozen=True, slots=True)
class Books:
    """The orders of one account, for one request; everything is checked before anything is changed."""

    state: State
    settings: Settings
    now: float

    def upsert(self, external_id: str, body: Mapping[str, JsonValue], *, replace_lines: bool) -> Saved:
        """Raises ApiError; then nothing has changed."""
        found = self.state.by_external_id(external_id)
        if found is None:
            return Saved(self.create(body, external_id), made=True)
        self.change(found, body, replace_lines=replace_lines)
        return Saved(found, made=False)

    def create(self, body: Mapping[str, JsonValue], external_id: str | None) -> SalesOrder:
        if external_id is not None and self.state.by_external_id(external_id) is not None:
            raise user_error("This record already exists", "externalId")
        header = self._header(body)
        lines = self._new_lines(_items(body), first=1)
        if not lines:
            raise ApiError(400, missing("item"))
        order = SalesOrder(
            id=self.state.new_id(),
            tran_id=f"{self.settings.number_prefix}{self.settings.first_number + len(self.state.orders)}",
            external_id=external_id,
            header={"tranDate": self.today().isoformat(), **header},
            lines=lines,
            approved=self._is_approved(body),
            created_at=self.now,
            modified_at=self.now,
        )
        self.state.orders[order.id] = order
        self._open_work_orders(order, lines)
        if external_id is not None:
            self.state.life.begin(external_id, self.now)
        return order

    def change(self, order: SalesOrder, body: Mapping[str, JsonValue], *, replace_lines: bool) -> None:
        """A replay makes no second document, but without `replace` it doubles the lines."""
        header = self._header(body)
        given = _items(body)
        lines = list(order.lines)
        if replace_lines and given:
            lines = self._replaced(order, given)
        elif given:
            lines += self._new_lines([one for one in given if "line" not in one], first=len(lines) + 1)
        changes = [] if replace_lines else [(self._line(order, one), one) for one in given if "line" in one]
        for line, change in changes:
            line.is_closed = bool(change.get("isClosed", line.is_closed))
            line.fields |= {name: value for name, value in change.items() if name not in {"item", "quantity"}}
        self._open_work_orders(order, lines)
        order.header |= header
        order.lines = lines
        order.approved = order.approved or self._is_approved(body)
        order.saved += 1
        self.touch(order)

    def deliver(self, order: SalesOrder, kind: str, wanted: Mapping[int, Decimal] | None = None) -> Document:
        """An item fulfilment, or an invoice of what was delivered: `wanted` by line, else all that is left."""
        if order.status in {"A", "C", "H", "G"}:
            raise user_error("The record can no longer be transformed in its status", "status")
        invoice = kind == "invoice"
        left = {one.line: (one.fulfilled - one.billed) if invoice else one.left for one in order.lines}
        asked = left if wanted is None else {key: min(wanted.get(key, Decimal(0)), left[key]) for key in left}
        taken = {key: quantity for key, quantity in asked.items() if quantity > 0}
        if not taken:
            raise user_error("There is nothing left of this order")
        for line in order.lines:
            quantity = taken.get(line.line, Decimal(0))
            line.billed += quantity if invoice else 0
            line.fulfilled += 0 if invoice else quantity
        self.touch(order)
        amount = self._billed_amount(order, taken) if invoice else Decimal(0)
        return self.document(kind, order, order.id, taken, status="A" if invoice else "C", amount=amount)

    def document(
        self,
        kind: str,
        order: SalesOrder,
        source_id: int,
        lines: Mapping[int, Decimal],
        *,
        status: str,
        amount: Decimal = Decimal(0),
        tran_id: str | None = None,
    ) -> Document:
        """One more document of the order; its number counts up in its kind."""
        number = tran_id or f"{NUMBERS[kind]}{self.state.made[kind] + 1}"
        made = Document(
            id=self.state.new_id(),
            kind=kind,
            tran_id=number,
            order_id=order.id,
            source_id=source_id,
            lines=dict(lines),
            status=status,
            created_at=self.now,
            modified_at=self.now,
            amount=amount,
        )
        self.state.add(made)
        return made

    def touch(self, changed: SalesOrder | Document) -> None:
        changed.modified_at = self.now

    def _billed_amount(self, order: SalesOrder, taken: Mapping[int, Decimal]) -> Decimal:
        """Lines by quantity; what stands beside them (discount, shipping, tax) goes with the last invoice."""
        before = sum((one.amount for one in self.state.of(order, "invoice")), Decimal(0))
        if all(one.billed >= one.quantity for one in order.lines):
            return total(order) - before
        return self.amount_of(order, taken)

    def amount_of(self, order: SalesOrder, taken: Mapping[int, Decimal]) -> Decimal:
        """What so much of the lines costs, without discount, shipping and tax."""
        shares = (one.amount * taken.get(one.line, Decimal(0)) / one.quantity for one in order.lines)
        return sum((one.quantize(CENT) for one in shares), Decimal(0))

    def today(self) -> date:
        """In the account's zone."""
        return datetime.fromtimestamp(self.now, UTC).astimezone(ZoneInfo(self.settings.zone)).date()

    # ── parts of a body ──────────────────────────────────────────────────────────────────────────

    def _header(self, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        header: dict[str, JsonValue] = {}
        for name, value in body.items():
            if name in WORKED_OUT or name == "item":
                continue
            table = HEADER_REFERENCES.get(name)
            header[name] = value if table is None else self._reference(name, value, getattr(self.state.seed, table))
        memo = header.get("memo")
        if isinstance(memo, str) and len(memo) > self.settings.longest_memo:
            raise user_error(
                f"The field memo contained more than the maximum number ({self.settings.longest_memo}) "
                "of characters allowed.",
                "memo",
            )
        if Number("0") != body.get("discountRate", Number("0")) and "discountItem" not in body:
            raise user_error("Please enter a discount item", "discountItem")
        return header

    def _reference(self, path: str, value: JsonValue, records: list[RecordSeed]) -> JsonValue:
        found = _find(value, records)
        if found is None:
            raise ApiError(400, invalid(path, _named(value)))
        return {"id": found.id, "refName": found.name}

    def _new_lines(self, given: list[dict[str, JsonValue]], *, first: int) -> list[Line]:
        return [self._new_line(one, index, first + index) for index, one in enumerate(given)]

    def _new_line(self, given: dict[str, JsonValue], index: int, number: int) -> Line:
        path = f"item.items[{index}]"
        item = _find(given.get("item"), self.state.seed.items)
        if item is None:
            raise ApiError(400, invalid(f"{path}.item", _named(given.get("item"))))
        quantity = _number(given.get("quantity"))
        if quantity is None or quantity <= 0:
            raise ApiError(400, invalid(f"{path}.quantity", quantity))
        text = given.get("description")
        if isinstance(text, str) and len(text) > self.settings.longest_description:
            raise user_error("The field description is too long.", f"{path}.description")
        self.state.last_unique_key += 1
        return self._priced(given, item, quantity, number)

    def _priced(self, given: dict[str, JsonValue], item: ItemSeed, quantity: Decimal, number: int) -> Line:
        """The account's own price stands unless the price level is "custom"."""
        price = given.get("price")
        custom = isinstance(price, dict) and price.get("id") == CUSTOM_PRICE
        rate, amount = _number(given.get("rate")), _number(given.get("amount"))
        own_rate = rate if custom and rate is not None else item.price
        own_amount = amount if custom and amount is not None else (own_rate * quantity).quantize(CENT)
        return Line(
            line=number,
            unique_key=self.state.last_unique_key,
            item=item,
            quantity=quantity,
            fields={name: value for name, value in given.items() if name not in {"item", "quantity", "woId"}},
            rate=own_rate,
            amount=own_amount,
            expected=self.today() + timedelta(days=item.lead_days),
        )

    def _replaced(self, order: SalesOrder, given: list[dict[str, JsonValue]]) -> list[Line]:
        """A line in the same place with the same item keeps its work order."""
        if any(line.fulfilled or line.billed for line in order.lines):
            raise user_error("A line that was fulfilled or billed cannot be removed", "item")
        lines = self._new_lines(given, first=1)
        for old, new in zip(order.lines, lines, strict=False):
            if old.item.id == new.item.id:
                new.work_order, new.unique_key = old.work_order, old.unique_key
        return lines

    def _line(self, order: SalesOrder, change: Mapping[str, JsonValue]) -> Line:
        key = _number(change.get("line"))
        for line in order.lines:
            if line.line == key:
                return line
        raise ApiError(400, invalid("item.items.line", key))

    def _open_work_orders(self, order: SalesOrder, lines: list[Line]) -> None:
        for line in lines:
            if line.item.made and line.fields.get("createWo") is True and line.work_order is None:
                self.open_work_order(order, line)

    def open_work_order(self, order: SalesOrder, line: Line) -> Document:
        self.state.last_work_order += 1
        line.work_order = f"WO{self.state.last_work_order}"
        wanted = {line.line: line.quantity}
        return self.document("workOrder", order, order.id, wanted, status="B", tran_id=line.work_order)

    def _is_approved(self, body: Mapping[str, JsonValue]) -> bool:
        wanted = body.get("orderStatus")
        stated = wanted.get("id") if isinstance(wanted, dict) else None
        return stated == "B" or (stated is None and not self.settings.needs_approval)


def _items(body: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    sublist = body.get("item")
    items = sublist.get("items") if isinstance(sublist, dict) else None
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def _find(value: JsonValue, records: Sequence[Record]) -> Record | None:
    """By internal id or by external id; an account finds both."""
    if not isinstance(value, dict):
        return None
    wanted = value.get("id"), value.get("externalId")
    for record in records:
        if wanted[0] == record.id or (wanted[0] is None and wanted[1] is not None and wanted[1] == record.external_id):
            return record
    return None


def _number(value: JsonValue) -> Decimal | None:
    return value.decimal() if isinstance(value, Number) else None


def _named(value: JsonValue) -> object:
    return (value.get("id") or value.get("externalId")) if isinstance(value, dict) else value
