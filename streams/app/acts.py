"""Carries out what operators do on the pages: standing orders, recounts, rebases; audited first, then done."""

from typing import TYPE_CHECKING

import msgspec
from aiokafka.errors import KafkaError

from connectors.core.errors import LeaseLostError
from schemas.models.inventory import RecountRequest, StockRebase
from schemas.models.operations import Audit, OperatorControl
from schemas.models.order_event import OrderEvent
from streams.app.intake import OPEN
from streams.domain.derived_id import derived_id
from streams.domain.drift import Verdict
from streams.domain.quantities import to_decimal
from streams.domain.reconciliation import Request, Scope
from streams.runtime.control import GAP, INTAKE, RECONCILE, SINK, STOCK, key_of
from streams.runtime.writer import Record
from streams.topics import AUDIT, CONTROL, ORDER_EVENT, REBASE, RECOUNT
from streams.web.acts import ActFailedError, Mandate, Mode, OrderAct, Place

if TYPE_CHECKING:
    from streams.app.application import Application

EVERY_SYSTEM = ""
OPERATOR = "operator"
"""Source system of what people say of orders."""
ORDER_VERBS = {
    "RELEASED": "release-order",
    "REFUSED": "reject-order",
    "CORRECTED": "correct-order",
    "CANCEL_REQUESTED": "cancel-order",
}
_VERBS: dict[Mode, str] = {"run": "run-sink", "shadow": "shadow-sink", "paused": "pause-sink"}


class AppActs:
    """Implements `streams.web.acts.Acts`."""

    def __init__(self, application: "Application") -> None:
        self._app = application

    async def set_sink(self, role: str, mode: Mode, before: str, mandate: Mandate) -> None:
        await self._audit(mandate, _VERBS[mode], ("sink", role), (before, mode))
        await self._order(key_of(SINK, role), mode, mandate)

    async def resume(self, topic: str, mandate: Mandate) -> None:
        await self._audit(mandate, "resume-intake", ("topic", topic), ("paused", OPEN))
        await self._order(key_of(INTAKE, topic), OPEN, mandate)

    async def accept_gap(self, topic: str, partition: int, upto: int, mandate: Mandate) -> None:
        await self._audit(mandate, "accept-gap", ("partition", f"{topic}/{partition}"), (None, str(upto)))
        await self._order(key_of(GAP, topic, partition), "accepted", mandate, str(upto))

    async def recount(self, place: Place, mandate: Mandate) -> None:
        await self._audit(mandate, "ask-recount", ("sku", place.sku), (None, f"{place.location}/{place.bucket}"))
        request = RecountRequest(
            request_id=derived_id("recount", mandate.id),
            sku=place.sku,
            source_system=EVERY_SYSTEM,
            location_code=place.location,
            bucket=place.bucket,
            reason="OPERATOR",
            detail=mandate.reason,
            at=self._app.clock.micros(),
        )
        await self._send(RECOUNT.name, place.sku, request)

    async def rebase(self, place: Place, before: str, quantity: int, mandate: Mandate) -> None:
        after = f"{place.location}/{place.bucket}: {to_decimal(quantity)}"
        await self._audit(mandate, "rebase-stock", ("sku", place.sku), (before, after))
        order = StockRebase(
            rebase_id=derived_id("rebase", mandate.id),
            sku=place.sku,
            location_code=place.location or "",
            bucket=place.bucket or "",
            quantity=quantity,
            effective_at=self._app.clock.micros(),
            actor=mandate.actor,
            reason=mandate.reason,
        )
        await self._send(REBASE.name, place.sku, order)

    async def reconcile(self, scope: str, repair: tuple[str, ...] | None, mandate: Mandate) -> None:
        request = Request(mandate.id, Scope(scope), repair=None if repair is None else tuple(map(Verdict, repair)))
        what = f"{scope}, repair: {'as set' if repair is None else ', '.join(repair) or 'nothing'}"
        await self._audit(mandate, "reconcile", ("flow", STOCK), (None, what))
        value = msgspec.json.encode(request).decode()
        await self._order(key_of(RECONCILE, STOCK), scope, mandate, value)

    async def reveal(self, letter: str, mandate: Mandate) -> None:
        await self._audit(mandate, "reveal-letter", ("letter", letter), (None, None))

    async def order(self, act: OrderAct, mandate: Mandate) -> None:
        """The event happened when the person acted; a repeat of the act has the same id, and is ignored."""
        await self._audit(mandate, ORDER_VERBS[act.kind], ("order", act.order_id), (act.before, act.kind))
        now = self._app.clock.micros()
        event = OrderEvent(
            event_id=derived_id("order-act", act.kind, mandate.id),
            order_id=act.order_id,
            kind=act.kind,
            source_system=OPERATOR,
            effective_at=now,
            recorded_at=now,
            order=act.order,
            reason=act.kind.lower(),
            text=mandate.reason,
            actor=mandate.actor,
        )
        await self._send(ORDER_EVENT.name, act.order_id, event)

    async def reveal_order(self, order_id: str, mandate: Mandate) -> None:
        await self._audit(mandate, "reveal-order", ("order", order_id), (None, None))

    # ── to Kafka ─────────────────────────────────────────────────────────────────────────────────

    async def _order(self, key: str, state: str, mandate: Mandate, value: str = "") -> None:
        order = OperatorControl(
            key=key,
            state=state,
            value=value,
            actor=mandate.actor,
            reason=mandate.reason,
            at=self._app.clock.micros(),
        )
        await self._send(CONTROL.name, key, order)

    async def _audit(
        self, mandate: Mandate, action: str, about: tuple[str, str], values: tuple[str | None, str | None]
    ) -> None:
        """The same act has the same audit id, however often it is sent."""
        audit = Audit(
            audit_id=derived_id("audit", mandate.id),
            at=self._app.clock.micros(),
            actor=mandate.actor,
            action=action,
            entity_type=about[0],
            entity=about[1],
            before=values[0],
            after=values[1],
            reason=mandate.reason,
        )
        await self._send(AUDIT.name, about[1], audit)

    async def _send(self, topic: str, key: str, model: msgspec.Struct) -> None:
        record = Record(key.encode(), self._app.serde.encode(topic, model))
        try:
            await self._app.writer.send(topic, [record], generation=self._app.lease.generation)
        except LeaseLostError:
            raise ActFailedError("This worker has no place in the group just now. Try again in some seconds.") from None
        except KafkaError as error:
            raise ActFailedError(f"Kafka did not take it: {type(error).__name__}. Repeating it is safe.") from error
