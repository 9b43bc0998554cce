"""What every `TaskTarget` promises, real or in memory; subclasses say how one is opened and how picking goes on."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import pytest

from connectors.core.errors import NotFoundError, RejectedPayloadError
from connectors.core.order_ports import TaskTarget
from schemas.models.order_event import EventLine
from tests.contract.orders import ORDER, ORDER_ID, order

TASK_ID = f"{ORDER_ID}-wh-east"
LINES = (
    EventLine(line_id="501", sku="PUMP-200", quantity=2_000_000),
    EventLine(line_id="502", sku="CABLE-3X15", quantity=190_700_000),
)


class Warehouse(Protocol):
    """What happens behind the port."""

    async def pick(self, task_id: str) -> None:
        """Bring the task so far that it can no longer be cancelled."""
        ...

    async def tasks(self) -> int:
        """How many tasks there are, whatever their ids."""
        ...


@dataclass
class Opened:
    target: TaskTarget
    warehouse: Warehouse

    async def create(self, task_id: str = TASK_ID, *, lines: tuple[EventLine, ...] = LINES) -> str:
        made = await self.target.create_task(task_id, ORDER_ID, ORDER, source_code="wh-east", lines=lines)
        assert (made.task_id, made.order_id) == (task_id, ORDER_ID)
        return made.number

    async def status(self, task_id: str = TASK_ID) -> str:
        found = await self.target.find_task(task_id)
        assert found is not None
        return found.status


class TaskTargetSuite:
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def wms(self) -> AsyncIterator[Opened]:
        async with self.opened() as wms:
            yield wms

    @pytest.mark.anyio
    async def test_a_task_that_was_made_is_found_at_once(self, wms: Opened) -> None:
        number = await wms.create()

        found = await wms.target.find_task(TASK_ID)

        assert found is not None
        assert (found.task_id, found.order_id, found.number) == (TASK_ID, ORDER_ID, number)

    @pytest.mark.anyio
    async def test_a_repeated_create_is_the_same_task(self, wms: Opened) -> None:
        number = await wms.create()

        assert await wms.create() == number
        assert await wms.warehouse.tasks() == 1

    @pytest.mark.anyio
    async def test_two_ids_are_two_tasks(self, wms: Opened) -> None:
        assert await wms.create() != await wms.create("web-000000123-wh-west")
        assert await wms.warehouse.tasks() == 2

    @pytest.mark.anyio
    async def test_other_content_under_the_same_id_is_refused_and_changes_nothing(self, wms: Opened) -> None:
        number = await wms.create()

        with pytest.raises(RejectedPayloadError):
            await wms.create(lines=LINES[:1])

        assert await wms.create() == number

    @pytest.mark.anyio
    async def test_a_task_that_is_not_there_is_none(self, wms: Opened) -> None:
        assert await wms.target.find_task("web-000000999-wh-east") is None

    @pytest.mark.anyio
    async def test_a_cancellation_can_be_repeated(self, wms: Opened) -> None:
        await wms.create()
        released = await wms.status()

        await wms.target.cancel_task(TASK_ID)
        cancelled = await wms.status()
        await wms.target.cancel_task(TASK_ID)

        assert cancelled == await wms.status() != released

    @pytest.mark.anyio
    async def test_a_create_that_comes_late_does_not_open_a_cancelled_task(self, wms: Opened) -> None:
        await wms.create()
        await wms.target.cancel_task(TASK_ID)
        cancelled = await wms.status()

        await wms.create()

        assert await wms.status() == cancelled

    @pytest.mark.anyio
    async def test_a_task_that_is_too_far_stays_as_it_is(self, wms: Opened) -> None:
        await wms.create()
        await wms.warehouse.pick(TASK_ID)
        picked = await wms.status()

        with pytest.raises(RejectedPayloadError):
            await wms.target.cancel_task(TASK_ID)

        assert await wms.status() == picked

    @pytest.mark.anyio
    async def test_cancelling_what_is_not_there_says_so(self, wms: Opened) -> None:
        with pytest.raises(NotFoundError):
            await wms.target.cancel_task("web-000000999-wh-east")

    @pytest.mark.anyio
    @pytest.mark.parametrize("task_id", ["a/b", "a b", "a?b#c", "%2e%2e", "ünï-日本"])
    async def test_an_awkward_id_is_kept_as_it_is(self, wms: Opened, task_id: str) -> None:
        await wms.create(task_id)

        found = await wms.target.find_task(task_id)

        assert found is not None
        assert found.task_id == task_id

    @pytest.mark.anyio
    async def test_a_line_that_is_not_of_the_order_is_refused(self, wms: Opened) -> None:
        with pytest.raises(RejectedPayloadError):
            await wms.create(lines=(EventLine(line_id="999", sku="PUMP-200", quantity=1_000_000),))

        assert await wms.target.find_task(TASK_ID) is None

    @pytest.mark.anyio
    async def test_an_order_without_address_date_and_notes_is_a_task_too(self, wms: Opened) -> None:
        bare = order(shipping=None, shipping_method=None, instructions=None, requested_at=None)

        made = await wms.target.create_task(TASK_ID, ORDER_ID, bare, source_code="wh-east", lines=LINES[1:])

        assert await wms.target.find_task(TASK_ID) == made

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, wms: Opened) -> None:
        await wms.target.check()
