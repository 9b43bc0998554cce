"""A day of orders closes where all of it stands in the logs and tables; the rest is named or waits."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError
from schemas.models.order_event import EventLine, OrderEvent
from streams.domain.closing import ABOUT, Kind, State
from streams.domain.version import Version
from streams.runtime.versioned import pack
from streams.tables import ORDERS, WORK, changelog
from streams.topics import COMMERCE_ORDER, DEAD_LETTER, ORDER_EVENT
from tests.fakes.order_target import Failure
from tests.unit.streams.app.completeness.day import APP_ID, HOUR, PARTITION, SECOND, finding_of, put, said
from tests.unit.streams.app.completeness.orders_day import ERP_COMMAND, ERP_OUTCOME, OrdersDay, orders_day, placed
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import order_bytes
from tests.unit.streams.flows.partition import Raw

pytestmark = pytest.mark.anyio
ONE, TWO = "web-000000001", "web-000000002"
ENTRIES, ERP_WORK = changelog(APP_ID, ORDERS), changelog(APP_ID, WORK["erp"])


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrdersDay]:
    async with orders_day(tmp_path, monkeypatch) as made:
        yield made


def _event(kind: str, **fields: object) -> OrderEvent:
    plain = {"event_id": f"{kind}-1", "order_id": ONE, "kind": kind, "source_system": "wms", "effective_at": T0}
    return msgspec.convert({**plain, "recorded_at": T0, **fields}, OrderEvent)


# ── what closes ──────────────────────────────────────────────────────────────────────────────────


async def test_a_day_of_which_everything_was_delivered_closes_at_one_look(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")

    page = await day.closing.page("orders")

    assert page.states == {State.DELIVERED: 2}
    assert (page.findings, page.closes, page.looks) == ((), True, 1)
    [erp] = page.targets
    assert (erp.target, erp.wanted, erp.there, erp.missing) == ("netsuite", 2, 2, 0)
    seen = {log.topic: log.count.seen for log in page.logs if log.partition == PARTITION and log.count.seen}
    assert seen == {COMMERCE_ORDER.name: 2, ORDER_EVENT.name: 2, ERP_COMMAND: 2, ERP_OUTCOME: 2}


async def test_the_next_page_begins_where_the_last_one_ended(day: OrdersDay) -> None:
    await day.deliver("000000001")
    first = await day.closing.page("orders")
    day.closing.pass_time(hours=1)

    second = await day.closing.page("orders")

    assert second.opened_at == first.closed_at
    assert (second.states, second.records) == ({}, 0)
    assert day.closing.kept == 2


async def test_a_look_at_a_time_of_ones_own_keeps_no_page(day: OrdersDay) -> None:
    await day.deliver("000000001")

    page = await day.closing.page("orders", since=T0 - HOUR)

    assert (page.opened_at, page.states, day.closing.kept) == (T0 - HOUR, {State.DELIVERED: 1}, 0)


async def test_an_order_of_a_page_before_is_in_no_sum_of_the_next_and_still_proven_by_its_state(day: OrdersDay) -> None:
    await day.deliver("000000001")
    await day.closing.page("orders")
    day.closing.pass_time(hours=2)
    day.logs.at = T0 + 2 * HOUR
    for topic, log in day.broker.log.items():
        day.logs.times |= {(topic, at): T0 for at in range(len(log))}
    await day.worker.happen(_event("ACKNOWLEDGED", document="SO1"))
    await day.deliver("000000002")

    page = await day.closing.page("orders")

    assert page.states == {State.DELIVERED: 1}
    assert page.findings == ()


# ── what was taken out of the logs ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("topic", "kind", "where", "detail", "advice"),
    [
        (ORDER_EVENT.name, Kind.EVENT_GONE, ORDER_EVENT.name, "event e000000001", "a rebuild from the log"),
        (ERP_COMMAND, Kind.COMMAND_GONE, ERP_COMMAND, "CREATE_ORDER: it was answered", "--requeue ID"),
        (ERP_OUTCOME, Kind.OUTCOME_GONE, ERP_OUTCOME, "CREATE_ORDER: APPLIED", "Find who deleted"),
    ],
)
async def test_a_record_that_was_taken_out_is_named_with_its_order_and_what_to_do(
    day: OrdersDay, topic: str, kind: Kind, where: str, detail: str, advice: str
) -> None:
    await day.deliver("000000001", "000000002")
    day.logs.delete(topic, 0)

    page = await day.closing.page("orders")

    assert page.states == {State.MISSING: 1, State.DELIVERED: 1}
    assert said(page) == {(kind, ONE, where)}
    assert finding_of(page, kind).detail == detail
    assert advice in ABOUT[kind].advice
    assert (page.closes, page.looks) == (False, 2)


@pytest.mark.parametrize("topic", [COMMERCE_ORDER.name, ORDER_EVENT.name, ERP_COMMAND, ERP_OUTCOME])
async def test_a_record_that_is_gone_since_the_page_before_is_named_by_its_place(day: OrdersDay, topic: str) -> None:
    await day.closing.page("orders")
    day.closing.pass_time(hours=1)
    day.logs.at = T0 + HOUR
    await day.deliver("000000001", "000000002")
    day.logs.cut(topic, 1)

    page = await day.closing.page("orders")

    gone = finding_of(page, Kind.RECORD_GONE)
    assert gone.where == f"{topic}[{PARTITION}] offset 0"
    assert not page.closes


async def test_a_log_that_is_kept_for_ever_and_lost_its_beginning_is_named_by_the_next_page(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    await day.closing.page("orders")
    day.closing.pass_time(hours=1)
    day.logs.cut(ERP_COMMAND, 2)

    page = await day.closing.page("orders")

    assert (Kind.RECORD_GONE, "", f"{ERP_COMMAND}[{PARTITION}] offset 0–1") in said(page)


async def test_a_gone_command_is_named_after_its_order_where_its_outcome_tells_the_cause(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002", "000000003")
    day.logs.delete(ORDER_EVENT.name, 1)

    page = await day.closing.page("orders")

    assert (Kind.RECORD_GONE, TWO, f"{ORDER_EVENT.name}[{PARTITION}] offset 1") in said(page)


async def test_a_deleted_entry_of_the_table_of_orders_is_missing_in_the_state(day: OrdersDay) -> None:
    await day.deliver("000000001", "000000002")
    put(day.broker, b"e" + ONE.encode(), None, ENTRIES)

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_IN_STATE, ONE, "changelog of orders")}
    assert page.states == {State.MISSING: 1, State.DELIVERED: 1}
    assert "replay rebuild" in ABOUT[Kind.NOT_IN_STATE].advice


async def test_a_deleted_entry_of_a_sinks_table_is_told_though_its_order_was_delivered(day: OrdersDay) -> None:
    await day.deliver("000000001")
    put(day.broker, b"e" + ONE.encode(), None, ERP_WORK)

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_IN_STATE, ONE, "changelog of erp-work")}
    assert finding_of(page, Kind.NOT_IN_STATE).detail.startswith("deleted at offset")
    assert not page.closes


async def test_an_older_entry_behind_a_newer_one_changes_nothing(day: OrdersDay) -> None:
    """As in a recovery, where the highest version counts."""
    await day.deliver("000000001")
    first, *_ = [one.value for one in day.broker.log[ENTRIES] if one.key == b"e" + ONE.encode()]
    put(day.broker, b"e" + ONE.encode(), first, ENTRIES)

    assert (await day.closing.page("orders")).states == {State.DELIVERED: 1}


async def test_an_older_entry_alone_is_behind_the_command_that_was_decided_with_a_newer_one(day: OrdersDay) -> None:
    await day.deliver("000000001")
    await day.worker.happen(_event("CANCEL_REQUESTED", source_system="commerce"))
    await day.book()
    newest = [at for at, one in enumerate(day.broker.log[ENTRIES]) if one.key == b"e" + ONE.encode()][1:]
    for at in newest:
        day.logs.delete(ENTRIES, at)

    page = await day.closing.page("orders")

    assert (Kind.NOT_IN_STATE, ONE, "changelog of orders") in said(page)
    assert "a command was decided with" in finding_of(page, Kind.NOT_IN_STATE).detail


@pytest.mark.parametrize("value", [b"", b"\x09" + bytes(20), pack(Version(2**31, 1), b"\xc1")])
async def test_what_another_release_wrote_into_a_table_is_left_out(day: OrdersDay, value: bytes) -> None:
    await day.deliver("000000001")
    for topic in (ENTRIES, ERP_WORK):
        put(day.broker, b"e" + ONE.encode(), value, topic)
        put(day.broker, b"m-count", b"\x01", topic)

    assert (await day.closing.page("orders")).states == {State.DELIVERED: 1}


# ── what has not arrived ─────────────────────────────────────────────────────────────────────────


async def test_an_order_on_its_topic_of_which_nothing_was_made_is_named(day: OrdersDay) -> None:
    put(day.broker, b"000000001", order_bytes(placed("000000001")))

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_TAKEN, ONE, f"{COMMERCE_ORDER.name}[{PARTITION}] offset 0")}
    assert "replay reprocess" in ABOUT[Kind.NOT_TAKEN].advice


async def test_an_order_that_its_flow_has_not_read_yet_is_under_way(day: OrdersDay) -> None:
    put(day.broker, b"000000001", order_bytes(placed("000000001")))
    day.logs.committed[COMMERCE_ORDER.name] = 0

    page = await day.closing.page("orders")

    assert page.states == {State.IN_FLIGHT: 1}
    [still] = page.open
    assert (still.entity, still.why) == (ONE, "not taken yet")
    assert (page.carried_from, page.closes) == (T0, True)


async def test_a_record_that_nobody_can_read_is_dead_once_it_has_a_letter(day: OrdersDay) -> None:
    offset = put(day.broker, b"000000001", b"\xff")
    await day.worker.take_orders([Raw(COMMERCE_ORDER.name, offset, b"000000001", b"\xff", T0 // 1000, PARTITION)])
    assert day.broker.log[DEAD_LETTER.name]

    page = await day.closing.page("orders")

    assert (page.states, page.findings, page.closes) == ({State.DEAD: 1}, (), True)


async def test_a_record_that_nobody_can_read_and_that_has_no_letter_is_named_by_its_place(day: OrdersDay) -> None:
    offset = put(day.broker, b"000000001", b"\xff")

    page = await day.closing.page("orders")

    where = f"{COMMERCE_ORDER.name}-{PARTITION}-{offset}"
    assert said(page) == {(Kind.NOT_TAKEN, where, f"{COMMERCE_ORDER.name}[{PARTITION}] offset {offset}")}


async def test_what_is_younger_than_the_settling_time_is_left_to_the_next_page(day: OrdersDay) -> None:
    offset = put(day.broker, b"000000001", order_bytes(placed("000000001")))
    day.logs.times[COMMERCE_ORDER.name, offset] = T0 + HOUR - 30 * SECOND

    page = await day.closing.page("orders")

    assert (page.states, page.findings) == ({}, ())


# ── where an order waits ─────────────────────────────────────────────────────────────────────────


async def test_an_order_that_waits_for_the_erp_is_under_way_and_may_be_missing_there(day: OrdersDay) -> None:
    await day.place(placed("000000001"))
    day.logs.committed[ERP_COMMAND] = 0

    run = await day.closing.run("orders")

    [page] = run.pages
    assert (page.states, page.findings) == ({State.IN_FLIGHT: 1}, ())
    assert page.open[0].why == "CREATE_ORDER in erp-work"
    [why] = run.explained
    assert (why.order_id, why.target, why.what) == (ONE, "netsuite", "CREATE_ORDER")
    assert "CREATE_ORDER in erp-work" in why.why


async def test_a_command_that_its_sink_took_and_that_no_table_has_is_missing(day: OrdersDay) -> None:
    await day.place(placed("000000001"))

    page = await day.closing.page("orders")

    assert said(page) == {(Kind.NOT_IN_STATE, ONE, "changelog of erp-work")}
    assert finding_of(page, Kind.NOT_IN_STATE).detail == f"CREATE_ORDER, {ERP_COMMAND}[{PARTITION}] offset 0"


async def test_an_order_that_the_erp_refused_is_held_for_a_person(day: OrdersDay) -> None:
    day.sink.erp.failures.append(Failure(RejectedPayloadError("unknown account")))
    await day.deliver("000000001")

    page = await day.closing.page("orders")

    assert page.states == {State.HELD: 1}
    assert page.open[0].entity == ONE
    assert page.open[0].why
    assert page.findings == ()


async def test_an_event_that_came_before_the_one_it_needs_parks_its_order(day: OrdersDay) -> None:
    await day.deliver("000000001")
    await day.worker.happen(
        _event(
            "RETURN_RECEIVED",
            part="R1",
            lines=[msgspec.to_builtins(EventLine(line_id="501", sku="PUMP-200", quantity=SECOND))],
        )
    )

    page = await day.closing.page("orders")

    assert page.states == {State.PARKED: 1}
    assert page.open[0].why.startswith("waits for ")
