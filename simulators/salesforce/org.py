"""The records of the org and what happens when one is upserted.

Facts: developer.salesforce.com dome_upsert (201, 200 or 204, 300), object-order (Draft first, lines fixed after
activation, TotalAmount is the sum of the lines).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from simulators.core.wire import JsonValue, Number
from simulators.salesforce.errors import ApiError, RefusedRowError
from simulators.salesforce.objects import EXTERNAL_ID, check_fields, fields_of, rules_of
from simulators.salesforce.settings import Settings
from simulators.salesforce.table import Record, Table

STAMP = "SystemModstamp"
SEED_AT = 1_767_225_600.0
"""When everything of the seed was changed last: 2026-01-01, UTC."""
NOT_MINE = "The {field} field should not be specified in the sobject data."


class Saved(NamedTuple):
    id: str
    created: bool


class SeveralRecordsError(Exception):
    """An external id that is not unique; `ids` are the records that have it."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(", ".join(ids))
        self.ids = ids


@dataclass(slots=True)
class Org:
    """Tables by object, records by id.  `undo` takes back, newest first, what a call did; `now` in seconds."""

    tables: dict[str, Table] = field(default_factory=dict)
    now: Callable[[], float] = field(default=lambda: SEED_AT)
    _made: int = 0

    def table(self, kind: str) -> Table:
        return self.tables.setdefault(kind, Table())

    def found(self, kind: str, value: str, settings: Settings) -> list[str]:
        """Ids of the records with this external id."""
        same = (lambda text: text) if settings.case_sensitive_ids else str.casefold
        table = self.table(kind)
        return [
            id_
            for id_ in table.near(EXTERNAL_ID, [value])
            if isinstance(held := table[id_].get(EXTERNAL_ID), str) and same(held) == same(value)
        ]

    def insert(self, kind: str, fields: Mapping[str, JsonValue]) -> str:
        """As a person does it by hand: nothing is checked but the names of fields."""
        unknown = [name for name in fields if name not in fields_of(kind) and name != "Pricebook2Id"]
        if unknown:
            raise ValueError(f"{kind} has no {unknown[0]}")
        self._made += 1
        id_ = f"{rules_of(kind).prefix}{self._made:015d}"
        self.table(kind)[id_] = {"Id": id_, **fields, **self._stamp(kind)}
        return id_

    def change(self, kind: str, id_: str, fields: Mapping[str, JsonValue]) -> None:
        """As `insert`.  Raises ValueError for a record or a field that is not there."""
        if id_ not in self.table(kind):
            raise ValueError(f"no {kind} {id_}")
        unknown = [name for name in fields if name not in fields_of(kind)]
        if unknown:
            raise ValueError(f"{kind} has no {unknown[0]}")
        self.table(kind)[id_] = {**self.table(kind)[id_], **fields, **self._stamp(kind)}

    def remove(self, kind: str, id_: str) -> None:
        """Into the recycle bin, which a query does not look into.  Raises ValueError where it is not there."""
        if self.table(kind).pop(id_, None) is None:
            raise ValueError(f"no {kind} {id_}")

    def _stamp(self, kind: str) -> Record:
        if STAMP not in fields_of(kind):
            return {}
        moment = datetime.fromtimestamp(int(self.now()), UTC)
        return {STAMP: moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}

    def upsert(
        self, kind: str, value: str, fields: Mapping[str, JsonValue], settings: Settings, undo: list[Callable[[], None]]
    ) -> Saved:
        """Raises ApiError or SeveralRecordsError; nothing is written then."""
        if EXTERNAL_ID in fields:
            raise RefusedRowError("INVALID_FIELD", NOT_MINE.format(field=EXTERNAL_ID))
        check_fields(kind, fields)
        ids = self.found(kind, value, settings)
        if len(ids) > 1:
            raise SeveralRecordsError(ids)
        stated = self._with_references(kind, fields, settings)
        if ids:
            self._update(kind, ids[0], stated, settings, undo)
            return Saved(ids[0], created=False)
        return Saved(self._create(kind, {**stated, EXTERNAL_ID: value}, settings, undo), created=True)

    # ── one record ───────────────────────────────────────────────────────────────────────────────

    def _create(self, kind: str, record: Record, settings: Settings, undo: list[Callable[[], None]]) -> str:
        missing = [name for name in rules_of(kind).required if record.get(name) is None]
        if missing:
            raise RefusedRowError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing
            )
        self._check(kind, record, settings)
        id_ = self.insert(kind, record)

        def take_back() -> None:
            del self.table(kind)[id_]

        undo.append(take_back)
        return id_

    def _update(self, kind: str, id_: str, stated: Record, settings: Settings, undo: list[Callable[[], None]]) -> None:
        frozen = sorted(rules_of(kind).frozen & stated.keys())
        if frozen:
            message = f"Unable to create/update fields: {', '.join(frozen)}."
            raise RefusedRowError("INVALID_FIELD_FOR_INSERT_UPDATE", message, *frozen)
        before = self.table(kind)[id_]
        after = {**before, **stated, **self._stamp(kind)}
        self._check(kind, after, settings, before=before)
        self.table(kind)[id_] = after
        undo.append(lambda: self.table(kind).update({id_: before}))

    def _with_references(self, kind: str, fields: Mapping[str, JsonValue], settings: Settings) -> Record:
        """Relationships by external id become references; a reference to nothing is refused."""
        rules = rules_of(kind)
        stated: Record = {}
        for name, value in fields.items():
            if name in rules.parents:
                reference, parent = rules.parents[name]
                stated[reference] = self._parent_id(parent, value, settings)
            else:
                stated[name] = value
        for reference, parent in rules.parents.values():
            id_ = stated.get(reference)
            if id_ is not None and id_ not in self.table(parent):
                raise RefusedRowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", reference)
        return stated

    def _parent_id(self, parent: str, value: JsonValue, settings: Settings) -> str:
        key = value.get(EXTERNAL_ID) if isinstance(value, dict) and len(value) == 1 else None
        if not isinstance(key, str):
            raise ApiError(400, "JSON_PARSER_ERROR", f"{parent}: one external id is expected")
        ids = self.found(parent, key, settings)
        if len(ids) != 1:
            message = f"Foreign key external ID: {key} not found for field {EXTERNAL_ID} in entity {parent}"
            raise RefusedRowError("INVALID_FIELD", message)
        return ids[0]

    # ── rules between records ────────────────────────────────────────────────────────────────────

    def _check(self, kind: str, record: Record, settings: Settings, *, before: Record | None = None) -> None:
        if kind == "Order":
            self._check_order(record, settings, before)
        if kind == "OrderItem":
            self._check_item(record, settings)

    def _check_order(self, record: Record, settings: Settings, before: Record | None) -> None:
        status = str(record.get("Status"))
        if status not in settings.statuses:
            message = f"bad value for restricted picklist field: {status}"
            raise RefusedRowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "Status")
        if settings.statuses[status] == "Activated" and not (before and self.lines_of(str(before["Id"]))):
            raise RefusedRowError("FAILED_ACTIVATION", "An order must have at least one product.")
        if before and self.lines_of(str(before["Id"])) and record.get("Pricebook2Id") != before.get("Pricebook2Id"):
            raise RefusedRowError(
                "FIELD_INTEGRITY_EXCEPTION", "the price book of an order with products", "Pricebook2Id"
            )
        demanded = settings.demanded_order_field
        if demanded is not None and not record.get(demanded):
            raise RefusedRowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"A rule of this org wants {demanded}", demanded)

    def _check_item(self, record: Record, settings: Settings) -> None:
        order = self.table("Order")[str(record["OrderId"])]
        if settings.statuses[str(order["Status"])] == "Activated":
            raise RefusedRowError("FIELD_INTEGRITY_EXCEPTION", "products of an activated order are fixed", "OrderId")
        entry = self.table("PricebookEntry")[str(record["PricebookEntryId"])]
        if entry.get("Pricebook2Id") != order.get("Pricebook2Id"):
            message = "pricebook entry is in a different pricebook than the one assigned to the Order"
            raise RefusedRowError("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")

    def lines_of(self, order_id: str) -> list[Record]:
        items = self.table("OrderItem")
        return [items[id_] for id_ in items.near("OrderId", [order_id]) if items[id_]["OrderId"] == order_id]

    def shown(self, kind: str, id_: str, settings: Settings) -> Record:
        """With what the org works out by itself."""
        record = dict(self.table(kind)[id_])
        if kind == "Order":
            record["StatusCode"] = settings.statuses[str(record["Status"])]
            record["TotalAmount"] = Number(str(sum((_amount(line) for line in self.lines_of(id_)), Decimal(0))))
        return record


def _amount(line: Record) -> Decimal:
    quantity, price = line["Quantity"], line["UnitPrice"]
    return (
        quantity.decimal() * price.decimal()
        if isinstance(quantity, Number) and isinstance(price, Number)
        else Decimal(0)
    )
