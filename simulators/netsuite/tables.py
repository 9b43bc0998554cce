"""The account's documents as the tables that SuiteQL reads, in a database in memory.

Names of tables and columns: Oracle's Records Catalog as its users show it (netsuitediagnostics.com, timdietrich.me,
cdata.com).  Signs of quantities, and that booleans are T and F, are general knowledge.
Dates are kept as `@YYYY-MM-DD HH:MM:SS` in the account's zone; statuses as `SalesOrd:B`, which is what a condition
compares, while an answer shows the letter; units and terms as `#id#name`, of which an answer shows the id.
Columns of `item`, `pricing` and of a customer's credit are general knowledge.
"""

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from simulators.core import wire
from simulators.core.wire import JsonValue
from simulators.netsuite import lists
from simulators.netsuite.settings import Settings
from simulators.netsuite.state import CustomerFacts, Document, ItemSeed, Line, RecordSeed, SalesOrder, State
from simulators.netsuite.views import STATUS_NAMES, total

TYPES = {
    "itemFulfillment": "ItemShip",
    "invoice": "CustInvc",
    "workOrder": "WorkOrd",
    "returnAuthorization": "RtnAuth",
    "creditMemo": "CustCred",
}
TYPE_NAMES = {
    "SalesOrd": "Sales Order",
    "ItemShip": "Item Fulfillment",
    "CustInvc": "Invoice",
    "WorkOrd": "Work Order",
    "RtnAuth": "Return Authorization",
    "CustCred": "Credit Memo",
}
STATUS_TEXTS: Mapping[str, Mapping[str, str]] = {
    "SalesOrd": STATUS_NAMES,
    "ItemShip": {"A": "Picked", "B": "Packed", "C": "Shipped"},
    "CustInvc": {"A": "Open", "B": "Paid In Full"},
    "WorkOrd": {"A": "Planned", "B": "Released", "D": "In Process", "G": "Built", "H": "Closed"},
    "RtnAuth": {"A": "Pending Approval", "B": "Pending Receipt", "C": "Cancelled", "G": "Refunded", "H": "Closed"},
    "CustCred": {"A": "Open", "B": "Fully Applied"},
}
LINKS = {
    "itemFulfillment": "ShipRcpt",
    "invoice": "OrdBill",
    "workOrder": "OrdWrkOrd",
    "returnAuthorization": "OrdRvCom",
    "creditMemo": "OrdBill",
}
LINE_KEYS = 1_000_000
SCHEMA = """
CREATE TABLE "transaction" (id INTEGER PRIMARY KEY, type, tranid, externalid, status, trandate, createddate,
    lastmodifieddate, foreigntotal, currency, entity, memo, otherrefnum);
CREATE TABLE transactionline ("transaction" INTEGER, id INTEGER, linesequencenumber INTEGER, uniquekey INTEGER,
    mainline, taxline, item, quantity REAL, quantityshiprecv REAL, quantitybilled REAL, isclosed, expectedshipdate,
    memo, createdfrom INTEGER, rate, foreignamount);
CREATE TABLE previoustransactionlink (nextdoc INTEGER, nexttype, previousdoc INTEGER, previoustype, linktype);
CREATE VIEW nexttransactionlink AS SELECT * FROM previoustransactionlink;
CREATE TABLE previoustransactionlinelink (nextdoc INTEGER, nextline INTEGER, nexttype, previousdoc INTEGER,
    previousline INTEGER, previoustype, linktype);
CREATE VIEW nexttransactionlinelink AS SELECT * FROM previoustransactionlinelink;
CREATE INDEX lines_of ON transactionline ("transaction", id);
CREATE INDEX made_from ON previoustransactionlink (nextdoc);
CREATE INDEX line_made_from ON previoustransactionlinelink (nextdoc, nextline);
CREATE TABLE item (id INTEGER PRIMARY KEY, itemid, externalid, displayname, itemtype, isinactive, saleunit,
    isspecialworkorderitem, lastmodifieddate);
CREATE TABLE pricing (item INTEGER, pricelevel INTEGER, currency INTEGER, quantity REAL, unitprice);
CREATE TABLE pricelevel (id INTEGER PRIMARY KEY, name);
CREATE TABLE currency (id INTEGER PRIMARY KEY, name, symbol);
CREATE TABLE customer (id INTEGER PRIMARY KEY, entityid, externalid, creditholdoverride, isinactive, balancesearch,
    creditlimit, terms, lastmodifieddate);
CREATE INDEX prices_of ON pricing (item);
"""
Value = str | int | float | None
Row = tuple[Value, ...]


class Tables:
    """One account's tables, written anew only where a document changed, because every query asks for all of them."""

    def __init__(self) -> None:
        self._made = sqlite3.connect(":memory:", check_same_thread=False)
        self._made.executescript(SCHEMA)
        self._written: dict[int, float] = {}
        self._zone = ""
        self._orders = frozenset[int]()
        self._lists = (-1, frozenset[str]())
        weakref.finalize(self, self._made.close)

    def at(self, state: State, settings: Settings, now: float) -> sqlite3.Connection:
        """What a query may see: what was changed in the last `query_lag_s` is not there yet, or as it was before."""
        if settings.zone != self._zone:
            self._zone = settings.zone
            self._written.clear()
            self._lists = (-1, frozenset())
        writer = _Writer(self._made, state, ZoneInfo(settings.zone))
        seen = now - settings.query_lag_s
        self._write_lists(writer, state, seen)
        for gone in self._orders - state.orders.keys():
            writer.forget(gone)
            self._written.pop(gone, None)
        self._orders = frozenset(state.orders)
        for order in state.orders.values():
            if self._is_due(order, seen):
                writer.write_order(order)
        for document in state.documents.values():
            if self._is_due(document, seen):
                writer.write_document(document, state.orders[document.order_id])
        return self._made

    def _write_lists(self, writer: "_Writer", state: State, seen: float) -> None:
        """Items and customers: as they were, where one of them was changed too lately to be seen."""
        version = state.lists_version if state.lists_changed_at <= seen or self._lists[0] < 0 else self._lists[0]
        if (version, writer.held) != self._lists:
            self._lists = (version, writer.held)
            writer.write_lists()

    def _is_due(self, one: SalesOrder | Document, seen: float) -> bool:
        if one.modified_at > seen or self._written.get(one.id) == one.modified_at:
            return False
        self._written[one.id] = one.modified_at
        return True


class _Writer:
    def __init__(self, made: sqlite3.Connection, state: State, zone: ZoneInfo) -> None:
        self._made = made
        self._state = state
        self._zone = zone

    @property
    def held(self) -> frozenset[str]:
        """Customers that were put on credit hold for an order."""
        found = (_reference(one.header, "entity") for one in self._state.orders.values() if self._is_held(one))
        return frozenset(one for one in found if one is not None)

    def write_lists(self) -> None:
        """Customers, items, and what they name."""
        seed = self._state.seed
        for table in ("customer", "item", "pricing", "pricelevel", "currency"):
            self._made.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        self._insert("customer", (self._customer(one) for one in seed.customers))
        self._insert("item", (self._item(one) for one in seed.items))
        plain = (self._named_item(one, "Discount") for one in seed.discount_items)
        self._insert("item", plain)
        self._insert("pricelevel", ((int(one.id), one.name) for one in seed.price_levels))
        self._insert("currency", ((int(one.id), one.name, one.external_id) for one in seed.currencies))
        self._insert("pricing", (row for one in seed.items for row in self._prices(one)))

    def _customer(self, one: RecordSeed) -> Row:
        facts = self._state.customer_facts.get(one.id, CustomerFacts())
        hold = "ON" if one.id in self.held else facts.hold
        limit = None if facts.credit_limit is None else _plain(facts.credit_limit)
        money = (_plain(facts.balance), limit, _link(facts.terms, self._state.seed.terms))
        stamp = self._stamp(lists.changed_at(self._state, "customer", one.id))
        return (int(one.id), one.name, one.external_id, hold, _flag(facts.inactive), *money, stamp)

    def _item(self, one: ItemSeed) -> Row:
        kind = "Assembly" if one.made else "InvtPart"
        head = (int(one.id), one.external_id, one.external_id, one.name, kind, _flag(one.inactive))
        unit = _link(one.unit, self._state.seed.units)
        return (*head, unit, _flag(one.made), self._stamp(lists.changed_at(self._state, "item", one.id)))

    def _named_item(self, one: RecordSeed, kind: str) -> Row:
        head = (int(one.id), one.external_id, one.external_id, one.name, kind, "F")
        return (*head, None, "F", self._stamp(lists.SEED_AT))

    def _prices(self, one: ItemSeed) -> Iterator[Row]:
        """The first currency is that of the base price; a price in a currency that nobody made has no row."""
        ids = {currency.external_id: int(currency.id) for currency in self._state.seed.currencies}
        first = next(iter(ids), None)
        if first is not None:
            yield (int(one.id), 1, ids[first], 0.0, _plain(one.price))
        for cell in one.prices:
            if cell.currency in ids:
                yield (int(one.id), int(cell.level), ids[cell.currency], float(cell.quantity), _plain(cell.price))

    def _is_held(self, order: SalesOrder) -> bool:
        return order.id in self._state.credit_held

    def write_order(self, order: SalesOrder) -> None:
        self.forget(order.id)
        self._insert("transaction", [self._head(order, "SalesOrd", order, order.tran_id, total(order))])
        main = (order.id, 0, 0, order.id * LINE_KEYS, "T", "F", None, None, None, None, "F", *([None] * 5))
        self._insert("transactionline", [main, *(self._line(order, one) for one in order.lines)])

    def _line(self, order: SalesOrder, line: Line) -> Row:
        """Quantities of a sale are below zero; what was delivered and billed of it is not."""
        expected = f"@{line.expected.isoformat()} 00:00:00"
        head = (order.id, line.line, line.line, line.unique_key, "F", "F", int(line.item.id), -float(line.quantity))
        state = (float(line.fulfilled), float(line.billed), _flag(line.is_closed), expected)
        return (*head, *state, _text(line.fields.get("description")), None, _plain(line.rate), _plain(-line.amount))

    def write_document(self, document: Document, order: SalesOrder) -> None:
        kind = TYPES[document.kind]
        source = self._state.documents.get(document.source_id)
        source_type = "SalesOrd" if source is None else TYPES[source.kind]
        self.forget(document.id)
        self._insert("transaction", [self._head(document, kind, order, document.tran_id, document.amount)])
        self._insert("transactionline", self._document_lines(document, order))
        link = (document.id, kind, document.source_id, source_type, LINKS[document.kind])
        self._insert("previoustransactionlink", [link])
        rows = [(document.id, at, kind, document.source_id, line, source_type, link[4]) for at, line in _at(document)]
        self._insert("previoustransactionlinelink", rows)

    def _document_lines(self, document: Document, order: SalesOrder) -> Iterator[Row]:
        """The main line of a work order holds what it makes; its other lines are components, which nobody looks at."""
        source, key = document.source_id, document.id * LINE_KEYS
        lines = {one.line: one for one in order.lines}
        if document.kind == "workOrder":
            ((number, quantity),) = document.lines.items()
            item = int(lines[number].item.id)
            yield (document.id, 0, 0, key, "T", "F", item, float(quantity), *([None] * 5), source, None, None)
            return
        yield (document.id, 0, 0, key, "T", "F", None, None, None, None, "F", None, None, source, None, None)
        sign = -1 if document.kind in {"invoice", "itemFulfillment"} else 1
        for at, number in _at(document):
            line, quantity = lines[number], document.lines[number]
            memo = _text(line.fields.get("description"))
            amount = (line.amount * quantity / line.quantity).quantize(Decimal("0.01"))
            head = (document.id, at, at, key + at, "F", "F", int(line.item.id), sign * float(quantity))
            yield (*head, None, None, "F", None, memo, source, _plain(line.rate), _plain(sign * amount))

    def _head(self, one: SalesOrder | Document, kind: str, order: SalesOrder, tran_id: str, amount: Decimal) -> Row:
        own = isinstance(one, SalesOrder)
        shown = "SalesOrd" if own else kind
        header = order.header
        dates = (self._day(one.created_at), self._stamp(one.created_at), self._stamp(one.modified_at))
        entity, currency = _reference(header, "entity"), _reference(header, "currency")
        texts = (_text(header.get("memo")), _text(header.get("otherRefNum"))) if own else (None, None)
        names = (one.id, kind, tran_id, order.external_id if own else None, f"{shown}:{one.status}")
        return (*names, *dates, _plain(amount), currency, entity, *texts)

    def _stamp(self, at: float) -> str:
        return datetime.fromtimestamp(int(at), UTC).astimezone(self._zone).strftime("@%Y-%m-%d %H:%M:%S")

    def _day(self, at: float) -> str:
        day: date = datetime.fromtimestamp(int(at), UTC).astimezone(self._zone).date()
        return f"@{day.isoformat()} 00:00:00"

    def forget(self, number: int) -> None:
        """The rows of its former state."""
        self._made.execute('DELETE FROM "transaction" WHERE id = ?', (number,))
        self._made.execute('DELETE FROM transactionline WHERE "transaction" = ?', (number,))
        self._made.execute("DELETE FROM previoustransactionlink WHERE nextdoc = ?", (number,))
        self._made.execute("DELETE FROM previoustransactionlinelink WHERE nextdoc = ?", (number,))

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            places = ",".join("?" * len(row))
            self._made.execute(f'INSERT INTO "{table}" VALUES ({places})', row)  # noqa: S608 - names of our own


def _at(document: Document) -> Iterator[tuple[int, int]]:
    """Its own line numbers, and those of the order."""
    return iter(enumerate(document.lines, start=0 if document.kind == "workOrder" else 1))


def _reference(header: Mapping[str, JsonValue], name: str) -> str | None:
    value = header.get(name)
    return _text(value.get("id")) if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _plain(value: Decimal) -> str:
    return str(wire.plain(value))


def _flag(value: bool) -> Literal["T", "F"]:  # noqa: FBT001 - it is the value itself
    return "T" if value else "F"


def _link(id_: str | None, records: Sequence[RecordSeed]) -> str | None:
    """A reference that BUILTIN.DF can name; its own value is the id."""
    found = next((one for one in records if one.id == id_), None)
    return None if found is None else f"#{found.id}#{found.name or found.external_id or found.id}"
