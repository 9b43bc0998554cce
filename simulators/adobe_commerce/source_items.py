"""Writing and reading source items: the call that stock synchronisation stands on.

Facts: magento/inventory Inventory/Model/SourceItem (Command, Validator) and ResourceModel/SourceItem/SaveMultiple
(read, not run): the whole request is validated, the first error is reported, then rows are written without a
transaction, and any failure of the database is masked as "Could not save Source Item".  Deadlocks of parallel calls:
magento/inventory issues 2933 and 3462.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

from simulators.adobe_commerce.errors import MASKED_SOURCE_ITEM, ApiError, Parameters
from simulators.adobe_commerce.inventory import IN_STOCK, OUT_OF_STOCK, Inventory, SourceItem
from simulators.adobe_commerce.search import Criteria, Fields
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.shop import ApiRequest, Handlers, Shop, criteria_of
from simulators.core.wire import Number

PARTIAL_WRITE = "partial-write"
TICK_S = 0.005
PHP_BLANKS = " \n\r\t\v\0"
WHITESPACE = re.compile(r"[ \t\n\r\f\v]")
KNOWN_STATUSES = frozenset({IN_STOCK, OUT_OF_STOCK})

Problem = tuple[str, Parameters]

FIELDS: Fields[SourceItem] = {
    "source_item_id": lambda row: row.id,
    "source_code": lambda row: row.source_code,
    "sku": lambda row: row.sku,
    "quantity": lambda row: row.quantity,
    "status": lambda row: row.status,
}


@dataclass(frozen=True, slots=True)
class WantedRow:
    """One row of a request, checked; `digits` is the quantity exactly as it was sent."""

    source_code: str
    sku: str
    digits: str
    status: int

    def shown(self) -> dict[str, object]:
        return {
            "source_code": self.source_code,
            "sku": self.sku,
            "quantity": self.digits,
            "status": self.status,
            "applied": False,
        }


class SourceItemRoutes:
    """Remembers the writes in progress, because they disturb each other."""

    def __init__(self) -> None:
        self._writing: dict[object, frozenset[object]] = {}
        self._turns: dict[object, asyncio.Lock] = {}

    def handlers(self) -> Handlers:
        return {
            "POST /V1/inventory/source-items": self.save,
            "POST /V1/inventory/source-items-delete": self.delete,
            "GET /V1/inventory/source-items": self.read,
        }

    async def save(self, request: ApiRequest) -> object:
        given = _given_rows(request)
        rows = _validated(given, request.shop)
        shown = [row.shown() for row in rows]
        request.note.detail["rows"] = shown
        if not {row.source_code for row in rows} <= request.shop.state.inventory.sources.keys():
            raise ApiError(400, MASKED_SOURCE_ITEM)
        await self._write(request, rows, shown)
        return []

    async def delete(self, request: ApiRequest) -> object:
        rows = [
            WantedRow(str(item.get("source_code") or ""), str(item.get("sku") or ""), "0", OUT_OF_STOCK)
            for item in _given_rows(request)
        ]
        shown = [row.shown() for row in rows]
        request.note.detail["rows"] = shown
        for row, line in zip(rows, shown, strict=True):
            line["applied"] = request.shop.state.inventory.delete(row.source_code, row.sku)
            request.note.effect = request.note.effect or bool(line["applied"])
        return []

    async def read(self, request: ApiRequest) -> object:
        criteria = criteria_of(request)
        inventory = request.shop.state.inventory
        along = _along_the_key(criteria)
        if along is not None:
            found, total = inventory.items_behind(*along)
            shown = [show_source_item(row) for row in found]
            return {"items": shown, "search_criteria": criteria.echo(), "total_count": total}
        rows = inventory.items(criteria.wanted("sku"), criteria.wanted("source_code"))
        return request.listing(rows, criteria, FIELDS, show_source_item)

    # ── a write takes time ───────────────────────────────────────────────────────────────────────

    async def _write(self, request: ApiRequest, rows: Sequence[WantedRow], shown: list[dict[str, object]]) -> None:
        """Raises ApiError after some rows where a rule or a deadlock says so: those rows stay written."""
        shop = request.shop
        inventory = shop.state.inventory
        tables = _tables(inventory, rows)
        async with AsyncExitStack() as turns:
            if shop.settings.writes == "serial":
                for table in sorted(tables, key=str):
                    await turns.enter_async_context(self._turns.setdefault(table, asyncio.Lock()))
            stop_after = self._stop_after(request, tables, len(rows))
            token = object()
            self._writing[token] = tables
            request.note.detail["started_at"] = shop.clock.now()
            try:
                await _apply_over_time(request, rows[:stop_after], shown, inventory)
            finally:
                del self._writing[token]
                request.note.detail["finished_at"] = shop.clock.now()
        if stop_after is not None:
            raise ApiError(400, MASKED_SOURCE_ITEM)

    def _stop_after(self, request: ApiRequest, tables: frozenset[object], count: int) -> int | None:
        """How many rows are written before the call fails; None for a call that succeeds."""
        rule = request.call.rule
        if rule is not None and rule.kind == PARTIAL_WRITE:
            rows = rule.options.get("rows", 1)
            return min(rows, count) if isinstance(rows, int) else 1
        shop = request.shop
        overlaps = any(tables & other for other in self._writing.values())
        if overlaps and shop.rng.random() < shop.settings.deadlock_chance:
            request.note.detail["deadlock"] = True
            return shop.rng.randint(0, count)
        return None


async def _apply_over_time(
    request: ApiRequest, rows: Sequence[WantedRow], shown: list[dict[str, object]], inventory: Inventory
) -> None:
    """Spread the rows over the duration of the call, so that overlapping calls mix as they would in a database."""
    settings, clock = request.shop.settings, request.shop.clock
    per_row_s = settings.call_per_row_ms / 1000
    due = clock.now() + settings.call_base_ms / 1000
    chunk = len(rows) if per_row_s * len(rows) < TICK_S else max(1, int(TICK_S / per_row_s))
    for start in range(0, max(len(rows), 1), max(chunk, 1)):
        part = rows[start : start + chunk]
        due += per_row_s * len(part)
        left = due - clock.now()
        if left > 0:
            await clock.sleep(left)
        for offset, row in enumerate(part, start):
            inventory.put(row.source_code, row.sku, Decimal(row.digits), row.status)
            shown[offset]["applied"] = True
            request.note.effect = True


def _along_the_key(criteria: Criteria) -> tuple[str, str, int] | None:
    """Source, SKU and number of rows of a question that the unique key (source_code, sku) answers without a sort."""
    filters = [one for group in criteria.groups for one in group]
    asked = {(one.field, one.condition): one.value for one in filters}
    known = {("source_code", "eq"), ("sku", "gt")}
    is_first = criteria.current_page in (None, 1)
    in_order = [(sort.field, sort.direction.upper()) for sort in criteria.sorts] == [("sku", "ASC")]
    source = asked.get(("source_code", "eq"))
    if source is None or not criteria.page_size or criteria.page_size < 0 or not (is_first and in_order):
        return None
    if len(filters) != len(criteria.groups) or len(filters) != len(asked) or not asked.keys() <= known:
        return None
    return source, asked.get(("sku", "gt"), ""), criteria.page_size


def show_source_item(row: SourceItem) -> object:
    return {"sku": row.sku, "source_code": row.source_code, "quantity": row.quantity, "status": row.status}


def _tables(inventory: Inventory, rows: Sequence[WantedRow]) -> frozenset[object]:
    """What a write locks: the index of each stock of its sources; a source without a stock stands for itself."""
    codes = {row.source_code for row in rows}
    return frozenset(inventory.stocks_of(codes)) or frozenset(codes)


def _given_rows(request: ApiRequest) -> list[Mapping[str, Value]]:
    given = request.body["sourceItems"]
    if not isinstance(given, list) or not given:
        raise ApiError(400, "Input data is empty")
    return [row if isinstance(row, dict) else {} for row in given]


def _validated(given: Sequence[Mapping[str, Value]], shop: Shop) -> list[WantedRow]:
    """Raises ApiError with the first problem of the request (all of them in `errors` where the version lists them)."""
    rows = []
    problems: list[Problem] = []
    for item in given:
        found = [] if _is_plainly_valid(item) else _problems(item)
        if shop.settings.unknown_sku == "refused":
            found.extend(_unknown_sku(item, shop))
        if found:
            problems.extend(found)
            if shop.settings.validation_errors == "first":
                break
        else:
            rows.append(_wanted(item))
    if problems:
        text, parameters = problems[0]
        listed = problems if shop.settings.validation_errors == "all" else []
        raise ApiError(400, f"Validation Failed: {_filled(text, parameters)}", errors=listed)
    if shop.settings.unknown_sku == "masked" and any(row.sku not in shop.state.products for row in rows):
        raise ApiError(400, MASKED_SOURCE_ITEM)
    return rows


def _is_plainly_valid(item: Mapping[str, Value]) -> bool:
    """The usual row, told quickly; everything else goes through the validators one by one."""
    sku, source_code = item.get("sku"), item.get("source_code")
    return (
        isinstance(sku, str)
        and isinstance(source_code, str)
        and sku != ""
        and sku == sku.strip(PHP_BLANKS)
        and source_code != ""
        and WHITESPACE.search(source_code) is None
        and item.get("quantity") is not None
        and item.get("status") in KNOWN_STATUSES
    )


def _unknown_sku(item: Mapping[str, Value], shop: Shop) -> list[Problem]:
    sku = str(item.get("sku") or "")
    if sku in shop.state.products:
        return []
    return [('Product with requested "%field": "%value" was not found.', {"field": "sku", "value": sku})]


def _problems(item: Mapping[str, Value]) -> list[Problem]:
    """In the order of Commerce's chain of validators: sku, source_code, quantity, status."""
    sku, source_code = str(item.get("sku") or ""), str(item.get("source_code") or "")
    status = item.get("status")
    checks: list[tuple[bool, str, str]] = [
        (not sku.strip(PHP_BLANKS), "sku", '"%field" can not be empty.'),
        (sku != sku.strip(PHP_BLANKS), "sku", '"%field" can not contain leading or trailing spaces.'),
        (not source_code.strip(PHP_BLANKS), "source_code", '"%field" can not be empty.'),
        (WHITESPACE.search(source_code) is not None, "source_code", '"%field" can not contain whitespaces.'),
        (item.get("quantity") is None, "quantity", '"%field" should be numeric.'),
        (status is None, "status", '"%field" should be numeric.'),
        (status is not None and status not in KNOWN_STATUSES, "status", '"%field" should a known status.'),
    ]
    return [(text, {"field": name}) for wrong, name, text in checks if wrong]


def _wanted(item: Mapping[str, Value]) -> WantedRow:
    quantity, status = item["quantity"], item["status"]
    digits = quantity.text if isinstance(quantity, Number) else "0"
    return WantedRow(str(item["source_code"]), str(item["sku"]), digits, status if isinstance(status, int) else 0)


def _filled(text: str, parameters: Parameters) -> str:
    """Commerce renders a validator's message before it prefixes it."""
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            text = text.replace(f"%{name}", str(value))
    return text
