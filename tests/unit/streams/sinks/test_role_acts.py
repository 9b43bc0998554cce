"""What the WMS's and the CRM's sink make of a command."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from connectors.core.errors import NotFoundError, RejectedPayloadError
from schemas.models.command import Command
from schemas.models.document import CrmRecord, PickTask
from schemas.models.order import Order
from schemas.models.order_event import EventLine
from streams.sinks.crm import CrmActs
from streams.sinks.wms import WmsActs, task_id
from tests.contract.order_target import order

pytestmark = pytest.mark.anyio
SETTLE = timedelta(seconds=60)
LINES = (EventLine(line_id="1", sku="PUMP-200", quantity=2_000_000),)


def command(**given: object) -> Command:
    made = Command(
        command_id="c1",
        role="wms",
        kind="CREATE_TASK",
        entity="web-1",
        part="east",
        epoch=1,
        counter=1,
        at=1,
        order=order(),
        lines=LINES,
        source_code="east",
        status="accepted",
    )
    return msgspec.structs.replace(made, **given)


class Warehouse:
    """The port `TaskTarget`, in memory."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[str, Sequence[EventLine]]] = {}

    async def create_task(
        self,
        task_id: str,
        order_id: str,
        order: Order,
        *,
        source_code: str,
        lines: Sequence[EventLine],
    ) -> PickTask:
        self.tasks.setdefault(task_id, (source_code, lines))
        return PickTask(task_id=task_id, order_id=order_id, number=f"P-{order.number}")

    async def find_task(self, task_id: str) -> PickTask | None:
        return PickTask(task_id=task_id, order_id="web-1", number="P-1") if task_id in self.tasks else None

    async def cancel_task(self, task_id: str) -> None:
        if self.tasks.pop(task_id, None) is None:
            raise NotFoundError("no such task")

    async def check(self) -> None: ...

    async def close(self) -> None: ...


class Crm:
    """The port `CrmTarget`, in memory."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, int | None]] = []

    async def record_order(self, order_id: str, order: Order, *, status: str) -> CrmRecord:
        self.said.append((order_id, status, len(order.lines)))
        return CrmRecord(order_id=order_id, internal_id="801")

    async def record_status(self, order_id: str, *, status: str, expected_at: int | None) -> None:
        self.said.append((order_id, status, expected_at))

    async def check(self) -> None: ...

    async def close(self) -> None: ...


async def test_a_task_is_known_by_order_and_part_so_that_a_repeat_is_the_same_one() -> None:
    warehouse = Warehouse()
    acts = WmsActs(warehouse, SETTLE)

    assert (await acts.look(command())).found == ()
    made = [await acts.call(command()) for _ in range(2)]

    assert made[0] == made[1]
    assert warehouse.tasks == {"web-1-east": ("east", LINES)}
    assert [found.external_id for found in (await acts.look(command())).found] == ["web-1-east"]
    assert task_id(command(part=None)) != task_id(command())


async def test_a_task_that_is_not_there_is_cancelled() -> None:
    warehouse = Warehouse()
    acts = WmsActs(warehouse, SETTLE)
    await acts.call(command())

    for _ in range(2):
        await acts.call(command(kind="CANCEL_TASK"))

    assert warehouse.tasks == {}
    assert (await acts.look(command(kind="CANCEL_TASK"))).found == ()


async def test_an_order_and_its_status_are_stated_to_the_crm_as_often_as_need_be() -> None:
    crm = Crm()
    acts = CrmActs(crm, SETTLE)

    assert (await acts.look(command(kind="RECORD_ORDER"))).found == ()
    made = await acts.call(command(kind="RECORD_ORDER"))
    await acts.call(command(kind="RECORD_STATUS", status="shipped", expected_at=7))

    assert made.external_id == "801"
    assert crm.said == [("web-1", "accepted", len(order().lines)), ("web-1", "shipped", 7)]


@pytest.mark.parametrize("given", [{"kind": "POST_INVOICE"}, {"order": None}])
async def test_what_a_target_knows_nothing_of_is_refused_before_any_call(given: dict[str, object]) -> None:
    warehouse, crm = Warehouse(), Crm()

    with pytest.raises(RejectedPayloadError):
        await WmsActs(warehouse, SETTLE).call(command(**given))
    with pytest.raises(RejectedPayloadError):
        await CrmActs(crm, SETTLE).call(command(**{"kind": "RECORD_ORDER", **given}))

    assert (warehouse.tasks, crm.said) == ({}, [])
