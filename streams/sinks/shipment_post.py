"""Posting shipments beside the stock lane: the lane leaves their rows alone while the shop may be deducting them.

Commands of `commerce.shipment.v1` (one partition) are done by the worker that has the lane: topics with as many
partitions are assigned together.  Where another worker has the lane, shipments wait: it would not know of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connectors.core.errors import LeaseLostError
from schemas.catalogue import SHIPMENT
from schemas.models.command import Command
from schemas.models.operations import OutcomeState
from streams.domain.work import Pending, Work
from streams.runtime.logs import logger
from streams.runtime.serde import Serde
from streams.sinks.lane_shipments import LaneShipments, Shipped, Standing
from streams.sinks.stock_lane import StockLane
from streams.sinks.work_table import WorkTable

PARTITION = 0
APPLIED, HELD = "APPLIED", "HELD"
_LOG = logger("streams.shipments")


class ShipmentPost:
    """What happens beside each posting (`beside.Beside`).  `lane` is that of this worker, open or not."""

    def __init__(self, lane: StockLane, work: WorkTable, serde: Serde) -> None:
        self._lane, self._work, self._serde = lane, work, serde
        self._going: dict[str, int] = {}
        """Shipments that may be called for just now, and the generation of the lane that let them."""
        self._why = ""
        lane.shipments.compare = self.compare

    @property
    def _shipments(self) -> LaneShipments:
        return self._lane.shipments

    async def arrived(self, commands: Sequence[Command]) -> None:
        """Their goods left.  A lane that is not open asks for them once it is."""
        if self._lane.is_open:
            await self._shipments.raised(_shipped(commands))

    async def may_go(self, command: Command) -> bool:
        """Once the lane knows all that is under way, and has stopped writing the rows."""
        shipped = list(_shipped([command]))
        if not shipped:
            return True
        if not self._lane.is_open or not self._shipments.is_compared:
            self._wait(
                "this worker does not have the stock lane" if not self._lane.is_open else "the lane has just begun"
            )
            return False
        self._why = ""
        if not await self._shipments.frozen(shipped[0]):
            return False
        self._going[command.command_id] = self._lane.context.generation
        return True

    async def standing(self, command: Command) -> Standing | None:
        """What keeps it from going, for people; None where the lane does not know yet, or is not here."""
        if not self._lane.is_open or not self._shipments.is_compared:
            return None
        shipped = next(_shipped([command]), None)
        return Standing() if shipped is None else await self._shipments.standing(shipped)

    def _wait(self, why: str) -> None:
        """Said once: it may last, where workers have other settings."""
        if why != self._why:
            _LOG.info("shipments-wait", why=why)
        self._why = why

    async def put_off(self, command: Command) -> None:
        """Until the next try the rows may be written."""
        self._going.pop(command.command_id, None)
        await self._shipments.thawed(command.command_id)

    async def ended(self, command: Command, state: OutcomeState, *, is_sure: bool) -> None:
        """The lane learns it now, or by comparing when it has the lease again."""
        try:
            await self._settle(command.command_id, state, is_sure=is_sure)
        except LeaseLostError:
            self._shipments.is_compared = False
            raise
        finally:
            self._going.pop(command.command_id, None)

    async def _settle(self, reference: str, state: str, *, is_sure: bool) -> None:
        """Held means that the shop has more than one: it deducted the goods."""
        if state in (APPLIED, HELD):
            await self._shipments.posted(reference, is_sure=is_sure)
        else:
            await self._shipments.dropped(reference)

    # ── what one of the two tables knows and the other does not ──────────────────────────────────

    async def compare(self) -> bool:
        """What ended while the lane did not hear of it, and what came.  False where the commands are not here."""
        if PARTITION not in self._work.table.owned:
            return False
        for reference, order_id in self._shipments.known.items():
            await self._close(reference, await self._of(order_id))
        for order_id in list(self._work.unfinished(PARTITION)):
            await self._raise(await self._of(order_id))
        return True

    async def _of(self, order_id: str) -> Work:
        async with self._work.table.lock(PARTITION):
            return self._work.entries(PARTITION, [order_id])[order_id]

    async def _close(self, reference: str, work: Work) -> None:
        ended = {one.command_id: one.state for one in work.ended}
        is_head = bool(work.pending) and work.head.command_id == reference
        if reference in ended:
            await self._settle(reference, ended[reference], is_sure=False)
        elif is_head and work.held is not None:
            await self._settle(reference, HELD, is_sure=False)
        elif not (is_head and work.intent is not None) and not self._is_going(reference):
            await self._shipments.thawed(reference)

    def _is_going(self, reference: str) -> bool:
        return self._going.get(reference) == self._lane.context.generation

    async def _raise(self, work: Work) -> None:
        """One that is held was posted more than once: its goods are deducted."""
        known = self._shipments.known
        ended = 1 if work.held is not None else 0
        new = [one for one in work.pending[ended:] if one.command_id not in known]
        await self._shipments.raised(_shipped(await self._read(new)))

    async def _read(self, pending: Sequence[Pending]) -> list[Command]:
        decoded = await self._serde.decode(SHIPMENT, [one.value for one in pending])
        return [one for one in decoded if isinstance(one, Command)]


def _shipped(commands: Iterable[Command]) -> Iterator[Shipped]:
    """What says from where which goods left; the sink refuses a shipment that does not."""
    for command in commands:
        quantities: Counter[str] = Counter()
        for line in command.lines:
            quantities[line.sku] += max(0, line.quantity)
        if command.source_code and (quantities := +quantities):
            yield Shipped(command.command_id, command.entity, command.source_code, dict(quantities))
