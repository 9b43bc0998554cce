"""Commands of orders to the shop: what it has is read, a pure guard decides, and only then it is called."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from functools import partial

from connectors.core.errors import RejectedPayloadError, UnknownOutcomeError
from connectors.core.order_ports import ShopOrderTarget
from schemas.models.command import Command
from schemas.models.document import ShopOrder
from streams.domain import shop_documents as documents
from streams.domain.order_table import OrderState
from streams.domain.order_words import OrderWords
from streams.domain.shop_documents import Adopt, Call, Decision, Refuse, reference_of
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, CodedRefusalError, Effect, Look

ROLE = "commerce"
WORDS = OrderWords()
SHIPMENTS = frozenset({"shipment"})
"""What the customer is mailed about, where nothing else is set."""


class ShopActs:
    """Creates anew at each call: a document is known by our reference alone.

    `notify` names what the customer is mailed about: `shipment`, `return`, or the part of a comment.
    """

    role, keeps = ROLE, True

    def __init__(
        self,
        port: ShopOrderTarget,
        settle: timedelta,
        *,
        words: OrderWords = WORDS,
        notify: AbstractSet[str] = SHIPMENTS,
    ) -> None:
        self._port, self._words, self._notify = port, words, notify
        self.manner = Manner(upserts=False, settle=settle // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:
        """Raises RejectedPayloadError where it may not be made, NotFoundError where the shop has no such order."""
        shop = await self._order(command)
        decision = await self._decide(command, shop, taken)
        if isinstance(decision, Adopt):
            return Look([Effect(one, detail=decision.why) for one in decision.found])
        return Look(go=partial(self._do, command, shop, decision))

    async def call(self, command: Command) -> Effect:
        """Decided anew on what the shop has now: an earlier call may have landed since it was looked up."""
        shop = await self._order(command)
        decision = await self._decide(command, shop, None)
        if isinstance(decision, Call):
            return await self._do(command, shop, decision)
        if len(decision.found) > 1:
            raise UnknownOutcomeError("the shop has it more than once now")
        return Effect(decision.found[0], detail=decision.why)

    # ── decide ───────────────────────────────────────────────────────────────────────────────────

    async def _order(self, command: Command) -> ShopOrder:
        if command.order_number is None:
            raise RejectedPayloadError("the command names no order number", status=None)
        return await self._port.shop_order(command.order_number)

    async def _decide(self, command: Command, shop: ShopOrder, taken: AbstractSet[str] | None) -> Adopt | Call:
        decision = await self._guard(command, shop, taken)
        if isinstance(decision, Refuse):
            raise RejectedPayloadError(decision.why, status=None)
        return decision

    async def _guard(self, command: Command, shop: ShopOrder, taken: AbstractSet[str] | None) -> Decision:
        port, entity_id = self._port, shop.entity_id
        match command.kind:
            case "SET_ERP_NUMBER":
                return documents.number(command, shop)
            case "ADD_COMMENT" | "SET_RETURN_NUMBER":
                return documents.comment(command, await port.comments(entity_id))
            case "CREATE_SHIPMENT":
                return documents.shipment(command, shop, await port.shipments(entity_id), taken)
            case "CREATE_INVOICE" | "CREATE_CREDIT_MEMO":
                return await self._guard_bill(command, shop)
            case "CANCEL_ORDER":
                return documents.cancellation(shop)
            case _:
                return Refuse(f"the shop has no way to do {command.kind}")

    async def _guard_bill(self, command: Command, shop: ShopOrder) -> Decision:
        invoices = await self._port.invoices(shop.entity_id)
        if command.kind == "CREATE_INVOICE":
            return documents.invoice(command, shop, invoices, await self._total(command))
        return documents.credit_memo(command, shop, await self._port.credit_memos(shop.entity_id), invoices)

    async def _total(self, command: Command) -> int | None:
        """Of the whole order; needed only where the document names no lines."""
        if command.lines or command.order_number is None:
            return None
        return (await self._port.read_order(command.order_number)).totals.grand_total

    # ── act ──────────────────────────────────────────────────────────────────────────────────────

    async def _do(self, command: Command, shop: ShopOrder, going: Call) -> Effect:
        match command.kind:
            case "SET_ERP_NUMBER":
                await self._port.set_external_id(shop.entity_id, command.document or "")
                return Effect(command.document)
            case "ADD_COMMENT" | "SET_RETURN_NUMBER":
                return await self._comment(command, shop)
            case "CREATE_SHIPMENT":
                return await self._ship(command, shop, going)
            case "CANCEL_ORDER":
                return await self._cancel(command, shop)
            case _:
                return await self._bill(command, shop, going)

    async def _comment(self, command: Command, shop: ShopOrder) -> Effect:
        """The shop has no place for a return's number: it is said in a comment."""
        reference, is_return = reference_of(command), command.kind == "SET_RETURN_NUMBER"
        text = f"Return number: {command.document}." if is_return else command.text or ""
        topic = "return" if is_return else (command.part or "").partition("/")[0]
        await self._port.add_comment(
            shop.entity_id,
            reference=reference,
            text=text,
            status=self._status(command),
            notify=topic in self._notify,
        )
        return Effect(reference)

    def _status(self, command: Command) -> str | None:
        """The shop's word for our state of the order; none is set where it has none for it."""
        if command.status not in set(OrderState):
            return None
        return self._words.status_of(ROLE, OrderState(command.status))

    async def _ship(self, command: Command, shop: ShopOrder, going: Call) -> Effect:
        made = await self._port.ship(
            shop.entity_id,
            reference=reference_of(command),
            lines=going.lines,
            source_code=command.source_code or "",
            tracks=command.tracks,
            notify="shipment" in self._notify,
        )
        return Effect(made)

    async def _bill(self, command: Command, shop: ShopOrder, going: Call) -> Effect:
        """Money was taken, or given back, elsewhere: the shop books it."""
        reference, lines = reference_of(command), going.lines
        if command.kind == "CREATE_INVOICE":
            made = await self._port.invoice(shop.entity_id, reference=reference, lines=lines, capture=False)
        else:
            made = await self._port.refund(shop.entity_id, reference=reference, lines=lines)
        return Effect(made, detail=going.note)

    async def _cancel(self, command: Command, before: ShopOrder) -> Effect:
        """Its answer says nothing: what became of the order is read back."""
        await self._port.cancel(before.entity_id)
        after = documents.cancelled(before, await self._order(command))
        if isinstance(after, Refuse):
            raise CodedRefusalError(after.why, after.code)
        return Effect(after.found[0], detail=after.why)
