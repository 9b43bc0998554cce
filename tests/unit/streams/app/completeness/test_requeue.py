"""What is provably missing is asked for anew, audited first and under an id that a repeat makes again."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import LeaseLostError, RejectedPayloadError, UnauthorizedError
from schemas.models.command import Command
from schemas.models.operations import Audit
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.app.completeness.closer import Closer
from streams.domain.close_request import CloseRequest, Requeued
from streams.domain.reconciliation import RunState
from streams.tables import ORDERS, changelog
from streams.topics import AUDIT, COMMERCE_ORDER
from tests.unit.streams.app.completeness.day import APP_ID, put
from tests.unit.streams.app.completeness.orders_day import ERP_COMMAND, OrdersDay, orders_day, placed
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import model_of

pytestmark = pytest.mark.anyio
ONE, TWO = "web-000000001", "web-000000002"


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrdersDay]:
    async with orders_day(tmp_path, monkeypatch) as made:
        yield made


async def _requeued(day: OrdersDay, *orders: str) -> list[Requeued]:
    run = await day.closing.run("orders", requeue=orders)
    assert run.state is RunState.DONE
    return run.requeued


def _audits(day: OrdersDay) -> list[Audit]:
    return [model_of(AUDIT.name, one.value, Audit) for one in day.broker.log[AUDIT.name]]


def _creates(day: OrdersDay) -> list[Command]:
    return [one for one in day.commands() if one.entity == ONE]


async def test_an_order_that_the_erp_lost_is_made_there_once_more(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    [document] = day.sink.erp.of(ONE)
    day.sink.erp.documents.remove(document)

    [told] = await _requeued(day, ONE)
    await day.book()

    assert told == Requeued(ONE, f"CREATE_ORDER on {ERP_COMMAND}", is_done=True)
    assert (len(day.sink.erp.of(ONE)), len(day.sink.erp.of(TWO))) == (1, 1)
    first, again = _creates(day)
    assert first.command_id != again.command_id
    assert msgspec.structs.replace(again, command_id=first.command_id, at=first.at) == first


async def test_every_act_is_audited_before_it_is_done_with_who_asked_and_why(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.lost.add(ONE)
    day.closing.ask(CloseRequest(run="r", flows=("orders",), requeue=("*",), by="somebody", reason="x"), reason="lost")
    async with day.closing.going():
        await day.closing.ended("r")

    [audit] = _audits(day)
    assert (audit.action, audit.entity, audit.actor, audit.reason) == ("requeue-order", ONE, "me", "lost")
    assert (audit.before, audit.after) == (f"not-at-target: netsuite {ONE}", ERP_COMMAND)
    topics = [topic for topic, _ in day.broker.batches]
    assert topics[-2:] == [AUDIT.name, ERP_COMMAND]


async def test_a_command_is_not_sent_where_its_audit_cannot_be_written(day: OrdersDay) -> None:
    await day.deliver("000000001")
    day.erp.lost.add(ONE)
    day.broker.failure = LeaseLostError("generation 1 is over")
    day.broker.fails_at = day.broker.writes + 2  # behind the page

    run = await day.closing.run("orders", requeue=("*",))

    assert (run.state, run.why) == (RunState.STOPPED, "this worker lost its place in the group")
    assert len(_creates(day)) == 1
    assert _audits(day) == []


async def test_only_the_orders_that_were_named_are_asked_for(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    day.erp.lost |= {ONE, TWO}

    told = await _requeued(day, TWO)

    assert [(one.order_id, one.is_done) for one in told] == [(TWO, True)]
    assert len(_creates(day)) == 1


async def test_an_order_of_which_nothing_is_missing_is_not_asked_for(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    day.erp.lost.add(TWO)

    told = await _requeued(day, ONE, TWO)

    assert [(one.order_id, one.is_done, one.why) for one in told] == [
        (TWO, True, ""),
        (ONE, False, "nothing of it is missing"),
    ]


async def test_the_same_run_at_the_next_worker_asks_under_the_same_id(day: OrdersDay) -> None:
    """Its page was written, and nobody knows whether the command was."""
    await day.deliver("000000001")
    day.erp.lost.add(ONE)
    for _ in range(2):
        day.closing.closer = Closer(day.around)
        day.closing.ask(CloseRequest(run="r", flows=("orders",), since=T0 - 1, requeue=("*",)))
        async with day.closing.going():
            await day.closing.ended("r")

    first, *again = _creates(day)
    assert len(again) > 1
    assert len({one.command_id for one in again} - {first.command_id}) == 1


async def test_a_command_that_is_gone_and_was_never_answered_is_made_anew_from_the_order(day: OrdersDay) -> None:
    await day.place(placed("000000001"))
    [before] = _creates(day)
    day.logs.delete(ERP_COMMAND, 0)

    [told] = await _requeued(day, ONE)

    assert told.is_done
    again = _creates(day)[-1]
    kept = ("order", "lines", "role", "kind", "entity", "correlation_id")
    assert [getattr(again, name) for name in kept] == [getattr(before, name) for name in kept]


async def test_an_order_that_was_cancelled_since_is_not_made_anew_where_its_command_is_gone(day: OrdersDay) -> None:
    """A target that upserts would open it again."""
    await day.deliver("000000001")
    cancelled = OrderEvent(
        event_id="c1",
        order_id=ONE,
        kind="CANCEL_REQUESTED",
        source_system="commerce",
        effective_at=T0,
        recorded_at=T0,
    )
    await day.worker.happen(cancelled)
    await day.book()
    day.logs.delete(ERP_COMMAND, 0)

    [told] = await _requeued(day, ONE)

    assert (told.is_done, told.why) == (False, "the order is cancelled: nobody is to make it")
    assert ([one.kind for one in _creates(day)], _audits(day)) == (["CREATE_ORDER", "CANCEL_ORDER"], [])


async def test_an_entry_that_went_meanwhile_asks_for_nothing(day: OrdersDay) -> None:
    """It was deleted between the look and the act."""
    await day.place(placed("000000001"))
    day.logs.delete(ERP_COMMAND, 0)
    topic = changelog(APP_ID, ORDERS)
    entries = [at for at, one in enumerate(day.broker.log[topic]) if one.key == b"e" + ONE.encode()]
    read = day.around.serde.encode

    def encode(name: str, model: msgspec.Struct) -> bytes:
        if name == "completeness.page.v1":
            for at in entries:
                day.logs.delete(topic, at)
        return read(name, model)

    day.around.serde.encode = encode  # type: ignore[method-assign, assignment]  # the moment between page and act

    [told] = await _requeued(day, ONE)

    assert (told.is_done, told.why) == (False, "neither its command nor its entry can be read")
    assert _audits(day) == []


async def test_what_is_no_command_of_its_own_is_left_to_a_person(day: OrdersDay) -> None:
    await day.deliver("000000001")
    put(day.broker, b"e" + ONE.encode(), None, changelog(APP_ID, ORDERS))

    [told] = await _requeued(day, ONE)

    assert not told.is_done
    assert f"orders show {ONE}" in told.why
    assert len(_creates(day)) == 1


async def test_nothing_is_asked_of_a_target_that_is_away(day: OrdersDay) -> None:
    await day.place(placed("000000001"))
    day.gate.failed(UnauthorizedError("401"))

    [told] = await _requeued(day, ONE)

    assert not told.is_done
    assert "netsuite cannot be asked now" in told.why
    assert (len(_creates(day)), _audits(day)) == (1, [])


# ── orders that nobody told us of ────────────────────────────────────────────────────────────────


async def test_an_order_that_was_never_seen_is_put_on_its_topic_as_the_poll_would_do_it(day: OrdersDay) -> None:
    day.around.at_shop.place(placed("000000001"))

    [told] = await _requeued(day, ONE)

    assert (told.is_done, told.what) == (True, f"order 000000001 on {COMMERCE_ORDER.name}")
    [record] = day.broker.log[COMMERCE_ORDER.name]
    assert record.key == b"000000001"
    assert model_of(COMMERCE_ORDER.name, record.value, Order).number == "000000001"
    assert (b"web-000000001") in dict(record.headers).values()
    assert [(one.entity, one.after) for one in _audits(day)] == [(ONE, COMMERCE_ORDER.name)]


async def test_an_order_that_the_shop_no_longer_shows_is_refused_with_the_reason(day: OrdersDay) -> None:
    day.around.at_shop.place(placed("000000001"))
    day.around.at_shop.read_failures.extend([None] * 2 + [RejectedPayloadError("no permission")])

    [told] = await _requeued(day, ONE)

    assert (told.is_done, told.why) == (False, "order 000000001 cannot be read: no permission")
    assert (day.broker.log[COMMERCE_ORDER.name], _audits(day)) == ([], [])


async def test_a_topic_that_takes_nothing_is_said(day: OrdersDay) -> None:
    day.around.at_shop.place(placed("000000001"))
    day.logs.refuses.add(COMMERCE_ORDER.name)

    [told] = await _requeued(day, ONE)

    assert not told.is_done
    assert told.why.startswith(f"topic {COMMERCE_ORDER.name} was not written")
