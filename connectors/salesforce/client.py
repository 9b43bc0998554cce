"""One method per endpoint of Salesforce's REST API: values in, values out, errors from the tree."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from connectors.core.calls import Call
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.paths import Path, path
from connectors.salesforce import answers, soql, wire

T = TypeVar("T")

# 2,000 rows a page: more than any order has lines.
_MOST_PAGES = 50


class SalesforceClient:
    """Every call goes to one version of the API."""

    def __init__(self, sender: Sender, api_version: str) -> None:
        self._sender = sender
        self._base = f"services/data/v{api_version}"

    async def upsert_account(self, key: str, account: wire.Account) -> None:
        """PATCH by external id: made or changed.  Safe to repeat."""
        await self._upsert("upsert-account", "Account", key, account)

    async def upsert_order(self, order_id: str, order: wire.Order | wire.OrderStatus) -> wire.Saved:
        """PATCH by external id: made or changed.  Safe to repeat."""
        return await self._upsert("upsert-order", "Order", order_id, order)

    async def upsert_items(self, rows: Sequence[wire.Item]) -> None:
        """PATCH of at most 200 rows by external id, all or none.  Safe to repeat."""
        call = Call(
            operation="upsert-items",
            method="PATCH",
            path=self._route(path(f"composite/sobjects/OrderItem/{wire.EXTERNAL_ID}")),
            effect=True,
            body=wire.encode(wire.Rows(tuple(rows))),
        )
        keys = [row.commerce_id for row in rows]
        await self._sender.send(call, lambda answer: answers.read_rows(call, answer, keys))

    async def accounts(self, key: str) -> tuple[wire.RecordRow, ...]:
        return await self._query(soql.account(key), wire.decode_records)

    async def orders(self, order_id: str) -> tuple[wire.OrderRow, ...]:
        return await self._query(soql.order(order_id), wire.decode_orders)

    async def items(self, order_record: str) -> tuple[wire.ItemRow, ...]:
        return await self._query(soql.items(order_record), wire.decode_items)

    async def held(self, order_ids: Sequence[str]) -> tuple[wire.HeldRow, ...]:
        return await self._query(soql.held(order_ids), wire.decode_held)

    async def lines_of(self, order_records: Sequence[str]) -> tuple[wire.LineOfRow, ...]:
        return await self._query(soql.lines_of(order_records), wire.decode_lines_of)

    async def entries(self, price_book_id: str, skus: Sequence[str], currency: str | None) -> tuple[wire.EntryRow, ...]:
        return await self._query(soql.entries(price_book_id, skus, currency), wire.decode_entries)

    async def changed_accounts(self, since: str, behind: str, limit: int) -> tuple[wire.AccountRow, ...]:
        return await self._query(soql.changed_accounts(since, behind, limit), wire.decode_accounts)

    async def probe(self) -> None:
        """One row of the order's fields."""
        await self._query(soql.any_order(), msgspec.json.Decoder(wire.Page[msgspec.Raw]).decode)

    async def close(self) -> None:
        await self._sender.close()

    async def _upsert(self, operation: str, kind: str, key: str, record: msgspec.Struct) -> wire.Saved:
        call = Call(
            operation=operation,
            method="PATCH",
            path=self._route(path(f"sobjects/{kind}/{wire.EXTERNAL_ID}/{{key}}", key=key)),
            effect=True,
            body=wire.encode(record),
        )
        return await self._sender.send(call, lambda answer: answers.read_saved(call, answer))

    async def _query(self, question: str, decode: Callable[[bytes], wire.Page[T]]) -> tuple[T, ...]:
        """Every row, page by page.

        Raises:
            ConfigurationError: pages without end.
        """
        page = await self._page(
            Call(
                operation="query",
                method="GET",
                path=self._route(path("query")),
                effect=False,
                query=(("q", question),),
            ),
            decode,
        )
        rows = list(page.records)
        for _ in range(_MOST_PAGES):
            if page.done or page.next is None:
                return tuple(rows)
            locator = page.next.rpartition("/")[2]
            more = self._route(path("query/{locator}", locator=locator))
            page = await self._page(Call(operation="query-more", method="GET", path=more, effect=False), decode)
            rows += page.records
        raise ConfigurationError(f"a query has more than {_MOST_PAGES} pages")

    async def _page(self, call: Call, decode: Callable[[bytes], wire.Page[T]]) -> wire.Page[T]:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))

    def _route(self, below: Path) -> Path:
        return Path(f"/{below.template}", f"{self._base}/{below.encoded}")
