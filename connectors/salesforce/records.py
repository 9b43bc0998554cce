"""Orders at a Salesforce org, as the port `CrmTarget`."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from connectors.core.errors import NotFoundError, RejectedPayloadError, UnknownOutcomeError
from connectors.salesforce import mapping, soql, wire
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.mapping import NewOrder
from connectors.salesforce.settings import Settings
from schemas.models.document import CrmRecord
from schemas.models.order import Order

_ACTIVATED = "Activated"
# Salesforce names it only where it tried to make the order: it is stated for new ones alone.
_OF_A_NEW_ORDER = "EffectiveDate"


class SalesforceRecords:
    """Reads what is there, then upserts by external id: some fields may be stated only when a record is made."""

    def __init__(self, client: SalesforceClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._settings = settings
        self._release = release

    async def record_order(self, order_id: str, order: Order, *, status: str) -> CrmRecord:
        """Account, order and lines, in this order; all questions are asked before the first write.

        Safe to repeat, also after a part of it: each write is an upsert by external id.  An account that is there
        keeps its fields, and the lines of an activated order stay as they are.

        Raises:
            RejectedPayloadError: a SKU that the price book does not hold exactly once, or a refused record.
            ConflictError: a record appeared between the question and the write.
        """
        held = await self._held(order_id)
        is_open = held is None or held.category != _ACTIVATED
        known = await self._known_items(held) if is_open else frozenset()
        entries = await self._entries(order_id, order, known) if is_open else {}
        key = mapping.account_key(order_id, order)
        is_known_account = bool(await self._client.accounts(key))

        await self._save_account(key, order_id, order, is_known=is_known_account)
        record = await self._save_order(order_id, order, held, key=key, status=status)
        if is_open:
            await self._save_items(order_id, order, record, known=known, entries=entries)
        return CrmRecord(order_id=order_id, internal_id=record)

    async def record_status(self, order_id: str, *, status: str, expected_at: int | None) -> None:
        """Both fields are stated; no date clears it.  Safe to repeat.

        Raises:
            NotFoundError: the order was never recorded.
        """
        try:
            await self._client.upsert_order(order_id, mapping.to_status(status, expected_at))
        except RejectedPayloadError as exc:
            if _OF_A_NEW_ORDER in exc.fields:
                raise NotFoundError(f"order {order_id} is not recorded", status=exc.status) from exc
            raise

    async def check(self) -> None:
        await self._client.probe()

    async def close(self) -> None:
        await self._release()

    # ── what is there ────────────────────────────────────────────────────────────────────────────

    async def _held(self, order_id: str) -> wire.OrderRow | None:
        """Where two carry the id, the upsert is refused with 300."""
        rows = await self._client.orders(order_id)
        return rows[0] if rows else None

    async def _known_items(self, held: wire.OrderRow | None) -> frozenset[str]:
        rows = await self._client.items(held.id) if held else ()
        return frozenset(row.commerce_id for row in rows if row.commerce_id is not None)

    async def _entries(self, order_id: str, order: Order, known: Collection[str]) -> Mapping[str, str]:
        """The price book entry of each SKU of a new line.  Salesforce compares without regard to case, we exactly."""
        lines = mapping.lines_to_record(order)
        wanted = sorted({line.sku for line in lines if mapping.item_key(order_id, line) not in known})
        currency = order.currency if self._settings.multi_currency else None
        found: dict[str, list[str]] = {sku: [] for sku in wanted}
        for skus in soql.portions(wanted):
            for row in await self._client.entries(self._settings.price_book_id, skus, currency):
                if row.product.code in found:
                    found[row.product.code].append(row.id)
        bad = tuple(sku for sku in wanted if len(found[sku]) != 1)
        if bad:
            raise RejectedPayloadError(
                f"the price book does not hold exactly one active entry of {', '.join(bad[:20])}",
                fields=bad[:20],
                status=None,
            )
        return {sku: ids[0] for sku, ids in found.items()}

    # ── what is written ──────────────────────────────────────────────────────────────────────────

    async def _save_account(self, key: str, order_id: str, order: Order, *, is_known: bool) -> None:
        if not is_known:
            await self._client.upsert_account(key, mapping.to_account(order_id, order))
        elif (value := mapping.lifetime_value(order)) is not None:
            await self._client.upsert_account(key, wire.Account(lifetime_value=value))

    async def _save_order(
        self, order_id: str, order: Order, held: wire.OrderRow | None, *, key: str, status: str
    ) -> str:
        saved = await self._client.upsert_order(order_id, self._order_of(order, held, key=key, status=status))
        record = saved.id or (held.id if held else None)
        if record is None:  # somebody else made it meanwhile, and the answer to an update has no id
            raise UnknownOutcomeError(f"order {order_id} was recorded, and its id is not known")
        return record

    def _order_of(self, order: Order, held: wire.OrderRow | None, *, key: str, status: str) -> wire.Order:
        if held is None:
            new = NewOrder(
                account_key=key,
                status=self._settings.draft_status,
                price_book_id=self._settings.price_book_id,
                with_currency=self._settings.multi_currency,
            )
            return mapping.to_new_order(order, status=status, new=new)
        if held.category == _ACTIVATED:
            return mapping.to_activated_order(order, status=status)
        return mapping.to_draft_order(order, status=status)

    async def _save_items(
        self, order_id: str, order: Order, record: str, *, known: Collection[str], entries: Mapping[str, str]
    ) -> None:
        rows = []
        for line in mapping.lines_to_record(order):
            key = mapping.item_key(order_id, line)
            is_new = key not in known
            rows.append(mapping.to_item(key, line, order_record=record, entries=entries, is_new=is_new))
        most = self._settings.rows_per_call
        for start in range(0, len(rows), most):
            await self._client.upsert_items(rows[start : start + most])
