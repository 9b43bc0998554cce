"""All that is said of an order becomes one state, and each system is told what it has to do, once."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from connectors.core.errors import LeaseLostError
from schemas.models.operations import WRITE_STOCK
from schemas.models.order_event import EventLine, OrderEvent, OrderEventKind
from streams.domain.order_state import OrderState
from streams.runtime.metrics import ORDERS_HEARD
from streams.topics import ORDER_EVENT, OUTCOMES, SHIPMENT
from tests.contract.order_target import order
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import PARTITION, OrderWorker, applied
from tests.unit.streams.flows.partition import Raw

pytestmark = pytest.mark.anyio
ORDER_ID = "web-000000123"
WEB = msgspec.structs.replace(order(), channel="web", number="000000123", event_id="e1")


async def begun(folder: Path, *roles: str) -> OrderWorker:
    """An order was placed and has been read."""
    worker = OrderWorker(folder, roles or ("erp",))
    await worker.open()
    await worker.place(WEB)
    await worker.follow()
    return worker


async def test_an_order_asks_the_erp_once_with_all_it_needs(tmp_path: Path) -> None:
    worker = await begun(tmp_path)

    [command] = worker.commands()
    assert (command.kind, command.entity, command.order) == ("CREATE_ORDER", ORDER_ID, WEB)
    assert command.cause is not None
    assert command.cause.topic == ORDER_EVENT.name
    assert worker.counts[f"{ORDER_EVENT.name}/applied"] == 1
    worker.close()


async def test_the_same_order_by_three_ways_is_one_order(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    for number in (2, 3):
        await worker.place(msgspec.structs.replace(WEB, event_id=f"e{number}"), first=number)
    await worker.follow()

    assert len(worker.commands()) == 1
    worker.close()


async def test_an_order_is_heard_of_once_whatever_its_channel_says_of_it_again(tmp_path: Path) -> None:
    before = ORDERS_HEARD.labels("web")._value.get()
    worker = await begun(tmp_path)
    for number in (2, 3):
        await worker.place(msgspec.structs.replace(WEB, event_id=f"e{number}"), first=number)
    await worker.follow()

    assert ORDERS_HEARD.labels("web")._value.get() - before == 1
    worker.close()


async def test_the_erps_number_is_kept_with_the_order(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    await worker.answer(applied(worker.commands()[0]))

    entry = worker.entry(ORDER_ID)
    assert entry.erp_number == "SO1"
    assert entry.state is not OrderState.HELD
    worker.close()


async def test_an_order_that_the_erp_rejects_is_held_for_a_person(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    [command] = worker.commands()
    await worker.answer(applied(command, state="DEAD", reason="rejected-by-target", detail="unknown account"))

    assert worker.entry(ORDER_ID).state is OrderState.HELD
    worker.close()


async def test_a_role_that_is_not_connected_is_told_nothing(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp")

    assert (worker.commands("wms"), worker.commands("crm")) == ([], [])
    worker.close()


async def test_every_command_has_an_id_of_its_own_that_a_replay_makes_again(tmp_path: Path) -> None:
    first, second = (
        await begun(tmp_path / "one", "erp", "wms", "crm"),
        await begun(tmp_path / "two", "erp", "wms", "crm"),
    )

    ids = [
        [command.command_id for role in ("erp", "wms", "crm") for command in worker.commands(role)]
        for worker in (first, second)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
    first.close()
    second.close()


@pytest.mark.parametrize("write", [1, 2, 3, 4])
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_kill_at_any_write_loses_no_command_and_decides_nothing_twice(
    tmp_path: Path,
    write: int,
    after_effect: bool,  # noqa: FBT001
) -> None:
    worker = OrderWorker(tmp_path, ("erp",))
    await worker.open()
    await worker.place(WEB)
    worker.broker.writes, worker.broker.fails_at, worker.broker.after_effect = 0, write, after_effect
    cancelled = OrderEvent(
        event_id="c1",
        order_id=ORDER_ID,
        kind="CANCEL_REQUESTED",
        source_system="commerce",
        effective_at=T0,
        recorded_at=T0,
    )
    steps: list[Callable[[], Awaitable[None]]] = [worker.follow, lambda: worker.happen(cancelled)]
    for step in steps:
        try:
            await step()
        except KafkaConnectionError as error:
            assert "the broker is away" in str(error)  # noqa: PT017
            await worker.killed()
            await worker.follow()

    creates = [command for command in worker.commands() if command.kind == "CREATE_ORDER"]
    assert len({command.command_id for command in creates}) == 1
    assert worker.counts[f"{ORDER_EVENT.name}/applied"] == 2
    worker.close()


@pytest.mark.parametrize("write", range(1, 9))
@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_batch_that_is_left_at_any_write_tells_all_of_it_when_it_comes_again(
    tmp_path: Path,
    write: int,
    after_effect: bool,  # noqa: FBT001
) -> None:
    worker = OrderWorker(tmp_path, ("erp", "crm"))
    await worker.open()
    await worker.place(WEB)
    broker = worker.broker
    broker.writes, broker.fails_at, broker.after_effect = 0, write, after_effect
    broker.failure = LeaseLostError("the producer was closed before this batch had its turn")
    try:
        await worker.follow()
    except LeaseLostError:
        await worker.follow()

    assert {command.kind for command in worker.commands()} == {"CREATE_ORDER"}
    assert {command.kind for command in worker.commands("crm")} == {"RECORD_ORDER"}
    assert len({one.command_id for role in ("erp", "crm") for one in worker.commands(role)}) == 2
    assert worker.counts[f"{ORDER_EVENT.name}/applied"] == 1
    worker.close()


async def test_the_crm_is_told_of_a_state_that_comes_back(tmp_path: Path) -> None:
    """By a command of its own: under the id of the first one its sink would take it for a repeat."""
    worker = await begun(tmp_path, "erp", "crm")
    await worker.answer(applied(worker.commands()[0]))
    kinds: list[OrderEventKind] = ["CREDIT_HELD", "CREDIT_RELEASED"]
    for at, kind in enumerate(kinds, 1):
        heard = msgspec.structs.replace(_step(kind, kind), source_system="erp", part=None)
        await worker.happen(msgspec.structs.replace(heard, effective_at=T0 + at, recorded_at=T0 + at))

    told = [one for one in worker.commands("crm") if one.kind == "RECORD_STATUS"]
    assert [one.status for one in told] == ["acknowledged", "held", "acknowledged"]
    assert len({one.command_id for one in told}) == len(told)
    worker.close()


async def test_an_event_under_another_key_is_set_aside(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    value = worker.broker.log[ORDER_EVENT.name][0].value
    await worker.flow.take(ORDER_EVENT.name, 3, [Raw(ORDER_EVENT.name, 1, b"web-1", value)], 1)

    assert worker.dead == [(1, "wrong-key")]
    worker.close()


async def test_a_record_that_comes_again_changes_and_counts_nothing(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    before, commands = worker.entry(ORDER_ID), worker.commands()
    await worker.take(ORDER_EVENT.name, worker.broker.log[ORDER_EVENT.name], 0)

    assert (worker.entry(ORDER_ID), worker.commands()) == (before, commands)
    assert worker.counts[f"{ORDER_EVENT.name}/applied"] == 1
    worker.close()


async def test_an_outcome_of_nobodys_order_is_refused_and_nothing_is_begun(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    stray = applied(worker.commands()[0], entity="web-9")
    await worker.answer(stray)

    assert worker.counts.get(f"{OUTCOMES['erp'].name}/applied", 0) == 0
    assert len(worker.commands()) == 1
    worker.close()


# ── the shop ─────────────────────────────────────────────────────────────────────────────────────

SHOP_OUTCOMES = OUTCOMES["commerce"].name


def said(kind: OrderEventKind, part: str) -> OrderEvent:
    """By the warehouse, of all that was ordered."""
    lines = tuple(EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in WEB.lines)
    return OrderEvent(
        event_id=f"{kind}-{part}",
        order_id=ORDER_ID,
        kind=kind,
        source_system="wms",
        part=part,
        lines=lines,
        source_code="east",
        effective_at=T0,
        recorded_at=T0,
    )


async def test_the_shop_is_told_under_its_own_number_and_of_shipments_by_a_topic_of_their_own(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp", "commerce")
    await worker.answer(applied(worker.commands()[0]))
    await worker.happen(said("PICKED", "S1"), said("SHIPPED", "S1"))

    told = worker.commands("commerce")
    assert {one.kind for one in told} == {"SET_ERP_NUMBER", "ADD_COMMENT"}
    [shipment] = worker.commands_on(SHIPMENT.name)
    assert (shipment.kind, shipment.role, shipment.part) == ("CREATE_SHIPMENT", "commerce", "S1")
    assert {one.order_number for one in (*told, shipment)} == {WEB.number}
    assert [one.order_number for one in worker.commands()] == [None]
    worker.close()


async def test_the_shops_answer_is_kept_with_the_shipment(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp", "commerce")
    await worker.answer(applied(worker.commands()[0]))
    await worker.happen(said("PICKED", "S1"), said("SHIPPED", "S1"))
    await worker.answer(applied(worker.commands_on(SHIPMENT.name)[0], external_id="77", value=None))

    assert [part.posted for part in worker.entry(ORDER_ID).parts] == ["77"]
    assert worker.counts[f"{SHOP_OUTCOMES}/applied"] == 1
    worker.close()


async def test_outcomes_of_stock_pass_by_whatever_their_sku_is_called(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp", "commerce")
    before = worker.entry(ORDER_ID)
    of_stock = applied(worker.commands()[0], role="commerce", kind=WRITE_STOCK, part="east")
    for sku in ("PUMP-200", ORDER_ID):
        await worker.answer(msgspec.structs.replace(of_stock, command_id=f"c-{sku}", entity=sku))

    assert worker.entry(ORDER_ID) == before
    assert worker.table.store(PARTITION).get(b"ePUMP-200") is None
    assert (worker.counts[f"{SHOP_OUTCOMES}/ignored"], worker.dead) == (2, [])
    worker.close()


async def test_a_parked_event_is_counted_once_and_as_applied_when_it_counts(tmp_path: Path) -> None:
    """The shipment came before the ERP had the order, and before it was picked."""
    worker = await begun(tmp_path)
    topic = ORDER_EVENT.name
    await worker.happen(_step("SHIPPED", "s1"))
    assert (worker.counts[f"{topic}/applied"], worker.counts[f"{topic}/parked"]) == (1, 1)

    await worker.answer(applied(worker.commands()[0]))
    await worker.happen(_step("PICKED", "p1"))

    assert worker.counts.get(f"{topic}/parked", 0) == 0
    assert sum(number for name, number in worker.counts.items() if name.startswith(topic)) == 3
    assert worker.entry(ORDER_ID).state is OrderState.SHIPPED
    worker.close()


async def test_a_step_that_is_told_twice_while_it_waits_is_parked_once(tmp_path: Path) -> None:
    worker = await begun(tmp_path)
    await worker.happen(_step("SHIPPED", "s1"), _step("SHIPPED", "s2"))

    topic = ORDER_EVENT.name
    assert (worker.counts[f"{topic}/applied"], worker.counts[f"{topic}/parked"]) == (2, 1)
    worker.close()


def _step(kind: OrderEventKind, event_id: str) -> OrderEvent:
    return OrderEvent(
        event_id=event_id,
        order_id=ORDER_ID,
        kind=kind,
        source_system="wms",
        effective_at=T0 + 1,
        recorded_at=T0 + 1,
        part="P-1",
    )


async def test_the_books_are_told_every_document_with_its_date_and_without_people(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp", "finance")
    await worker.answer(applied(worker.commands()[0]))
    await worker.happen(_said("INVOICED", T0 + 7, document="I1", amount=30_000_000))

    [command] = worker.commands("finance")
    assert (command.kind, command.document, command.amount, command.happened_at) == (
        "POST_INVOICE", "I1", 30_000_000, T0 + 7,
    )  # fmt: skip
    assert command.order is not None
    assert (command.order.customer.account_code, command.order.currency) == (WEB.customer.account_code, WEB.currency)
    assert (command.order.lines, command.order.customer.last_name, command.order.billing.street) == ((), "", ())
    worker.close()


async def test_a_refusal_of_the_books_delays_nobody(tmp_path: Path) -> None:
    worker = await begun(tmp_path, "erp", "finance")
    await worker.answer(applied(worker.commands()[0]))
    await worker.happen(_said("INVOICED", T0 + 7, document="I1", amount=30_000_000))
    await worker.answer(applied(worker.commands("finance")[0], state="DEAD", reason="rejected-by-target"))

    entry = worker.entry(ORDER_ID)
    assert (entry.holds, entry.state) == ((), entry.stage)
    assert [remark.reason for remark in entry.remarks] == ["refused-beside"]
    worker.close()


def _said(kind: OrderEventKind, at: int, **fields: object) -> OrderEvent:
    made = OrderEvent(
        event_id=f"{kind}-{at}", order_id=ORDER_ID, kind=kind, source_system="erp", effective_at=at, recorded_at=at
    )
    return msgspec.structs.replace(made, **fields)
