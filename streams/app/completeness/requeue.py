"""Asks anew for what is missing: by the ways that orders always go, so that each effect still comes once.

An order that was never seen goes on its channel's topic, as the poll would put it there.  A command is sent again under
an id of its own: its sink looks for the effect before it makes one, or upserts by our reference.
"""

import asyncio
from collections.abc import Collection, Mapping

import msgspec

from connectors.core.errors import PermanentError
from schemas.catalogue import command_contract
from schemas.models.command import Command
from schemas.models.operations import Audit
from schemas.models.order_event import EventLine
from streams.app.completeness.around import Around, Door
from streams.app.completeness.asking import Asking, TargetAwayError
from streams.app.completeness.reading import Reading
from streams.domain import order_entry
from streams.domain.breaker import BreakerState
from streams.domain.close_request import CloseRun, Requeued
from streams.domain.closing import Finding, Kind
from streams.domain.derived_id import derived_id
from streams.domain.order_closing import Asked
from streams.domain.order_closing import Record as Where
from streams.domain.order_goods import goods_of
from streams.domain.order_table import OrderState
from streams.runtime.lookback import Place
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.posting import NotWrittenError, Posting
from streams.runtime.versioned import unpack
from streams.runtime.writer import Record
from streams.sources.order_record import TooLargeError, found_order
from streams.topics import AUDIT, COMMANDS

SOURCE = "reconcile"
CREATE_ORDER = "CREATE_ORDER"
CREATES = frozenset({"CREATE_ORDER", "CREATE_TASK", "RECORD_ORDER", "POST_INVOICE", "POST_PAYMENT", "POST_CREDIT"})
MISSING = frozenset({Kind.NEVER_SEEN, Kind.NOT_AT_TARGET, Kind.COMMAND_GONE, Kind.NOT_IN_STATE})
NOT_TO_BE_MADE = frozenset({OrderState.CANCELLED, OrderState.REJECTED})


class Requeue:
    """Each act is audited before it is done; a repeat of a run asks for the same ids."""

    def __init__(self, application: Around, doors: Mapping[str, Door], asking: Asking) -> None:
        self._app, self._doors, self._asking = application, doors, asking

    async def all(self, run: CloseRun, wanted: Collection[str] | None) -> list[Requeued]:
        """Those orders, or every one that is missing.  Raises LeaseLostError, KafkaError."""
        missing = [one for one in run.findings if one.kind in MISSING and (wanted is None or one.entity in wanted)]
        done = [await self._one(run, finding) for finding in missing]
        known = {one.order_id for one in done}
        others = sorted(frozenset(wanted or ()) - known)
        return [*done, *(Requeued(order_id, "", is_done=False, why="nothing of it is missing") for order_id in others)]

    async def _one(self, run: CloseRun, finding: Finding) -> Requeued:
        try:
            if finding.kind is Kind.NEVER_SEEN:
                what = await self._order(run, finding)
            else:
                what = await self._command(run, finding)
        except _RefusedError as refused:
            return Requeued(finding.entity, finding.detail, is_done=False, why=str(refused))
        return Requeued(finding.entity, what, is_done=True)

    # ── an order that nobody told us of ──────────────────────────────────────────────────────────

    async def _order(self, run: CloseRun, finding: Finding) -> str:
        shop = self._app.shop
        port = shop.ports.shop_orders
        number = finding.detail.removeprefix("order ")
        if port is None:
            raise _RefusedError("the shop's orders cannot be read")
        _refuse_outage(shop.gate.breaker.state, shop.gate.target)
        try:
            order = await self._asking.asked(shop.gate, lambda: port.read_order(number))
            found = found_order(order, SOURCE, self._app.serde.encode)
        except (TargetAwayError, PermanentError, TooLargeError, ValueError) as error:
            raise _RefusedError(f"order {number} cannot be read: {error}") from error
        await self._audit(run, finding, found.message.topic)
        try:
            await asyncio.to_thread(Posting(self._app.settings.kafka).post, [found.message])
        except NotWrittenError as error:
            raise _RefusedError(str(error)) from error
        return f"order {number} on {found.message.topic}"

    # ── a command ────────────────────────────────────────────────────────────────────────────────

    async def _command(self, run: CloseRun, finding: Finding) -> str:
        request = finding.detail.partition(":")[0].partition(",")[0]
        asked = run.asked.get((finding.entity, request))
        gate = self._doors["erp" if asked is None else asked.role].gate
        _refuse_outage(gate.breaker.state, gate.target)
        if asked is None and request == CREATE_ORDER and finding.entity in run.entries:
            command = await self._made(run.entries[finding.entity])
        elif asked is None or asked.kind not in CREATES:
            raise _RefusedError(
                f"its command is not in the log: commerce-streams orders show {finding.entity} says where it stands, "
                "orders release asks for what was refused"
            )
        else:
            command = await self._read(asked)
        again = msgspec.structs.replace(
            command,
            command_id=derived_id(
                "requeue", run.request.run, command.entity, command.role, command.kind, command.part or ""
            ),
            at=self._app.clock.micros(),
        )
        topic = COMMANDS[command.role].name
        await self._audit(run, finding, topic)
        record = Record(again.entity.encode(), self._app.serde.encode(topic, again))
        await self._app.writer.send(topic, [record], generation=self._app.lease.generation)
        return f"{request} on {topic}"

    async def _read(self, asked: Asked) -> Command:
        """As it was asked for: complete, so nothing need be worked out again."""
        found = await self._at(asked.record)
        read = [] if found is None else await self._app.serde.decode(command_contract(asked.role), [found.value or b""])
        if len(read) != 1 or not isinstance(read[0], Command):
            raise _RefusedError("its command cannot be read")
        return read[0]

    async def _made(self, at: Where) -> Command:
        """The order as the ERP is told of it, where the command itself is gone; as the orders flow makes it."""
        found = await self._at(at)
        if found is None or found.value is None:
            raise _RefusedError("neither its command nor its entry can be read")
        version, payload = unpack(found.value)
        entry = order_entry.decode(payload)
        if entry.order is None:
            raise _RefusedError("the order itself never came")
        if entry.state in NOT_TO_BE_MADE:
            raise _RefusedError(f"the order is {entry.state.value}: nobody is to make it")
        lines = tuple(EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in entry.order.lines)
        return Command(
            command_id=derived_id(entry.order_id, CREATE_ORDER, str(version)),
            role="erp",
            kind="CREATE_ORDER",
            entity=entry.order_id,
            part="",
            epoch=version.epoch,
            counter=version.counter,
            at=0,
            order=goods_of(entry.order),
            lines=lines,
            correlation_id=entry.order_id,
        )

    async def _at(self, record: Where) -> LogRecord | None:
        with Reading(self._app).reader() as reader:
            return await asyncio.to_thread(reader.one, Place(record.topic, record.partition, record.offset))

    async def _audit(self, run: CloseRun, finding: Finding, topic: str) -> None:
        audit = Audit(
            audit_id=derived_id("audit", "requeue-order", run.request.run, *finding.key),
            at=self._app.clock.micros(),
            actor=run.request.by,
            action="requeue-order",
            entity_type="order",
            entity=finding.entity,
            before=f"{finding.kind}: {finding.where}",
            after=topic,
            reason=run.request.reason,
        )
        record = Record(finding.entity.encode(), self._app.serde.encode(AUDIT.name, audit))
        await self._app.writer.send(AUDIT.name, [record], generation=self._app.lease.generation)


class _RefusedError(Exception):
    """Nothing was asked for; the message says why."""


def _refuse_outage(state: BreakerState, target: str) -> None:
    if state is not BreakerState.CLOSED:
        raise _RefusedError(
            f"{target} cannot be asked now: commerce-streams doctor says more; ask again once it answers"
        )
