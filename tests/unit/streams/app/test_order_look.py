"""What a worker tells of its orders: from real stores, in pieces, with what it did not reach said."""

from pathlib import Path

import msgspec
import pytest

from connectors.core.errors import UnauthorizedError
from streams.app import order_queues, order_tables
from streams.domain import order_state, work
from streams.domain.order_entry import Hold
from streams.domain.version import Version
from streams.domain.work import Intent, Pending, Work
from streams.runtime.table import Group, Write
from streams.runtime.versioned import pack
from streams.web.introspection import NotOwnedError
from streams.web.order_facts import MOST_STORED
from tests.contract.order_target import order
from tests.unit.streams.app.looking import acknowledged, begun, event, placed
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.tables import close_table

pytestmark = pytest.mark.anyio
MINUTE = 60_000_000
PARTITIONS = 8
ROLES = ("erp", "crm", "commerce")


# ── one order ────────────────────────────────────────────────────────────────────────────────────


async def test_an_order_is_told_with_its_quantities_documents_and_what_was_said(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        shipped = event("SHIPPED", 1, T0 + 5, source_system="wms-north", part="P-1")
        entry = await app.put(placed(1), acknowledged(1, "SO-1"), shipped)
        told = await look.entry("web-000000001")

    assert told is not None
    assert (told.state, told.stage, told.erp_number) == (entry.state, entry.stage, "SO-1")
    assert (told.channel, told.number, told.currency) == ("web", "000000001", order().currency)
    assert [line.sku for line in told.lines] == [line.sku for line in order().lines]
    assert [(one.kind, one.part, one.waits_for) for one in told.parked] == [("SHIPPED", "P-1", ("PICKED",))]
    assert [(one.kind, one.system, one.standing) for one in told.said] == [
        ("PLACED", "commerce", "counts"),
        ("ACKNOWLEDGED", "erp-sink", "counts"),
        ("SHIPPED", "wms-north", "waits"),
    ]
    assert told.said_in_all == 3


async def test_every_reason_of_a_held_order_is_told_and_nobody_is_named(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1), failing=("price", "address"))
        told = await look.entry("web-000000001")
        people = look.people("web-000000001")

    assert told is not None
    assert [(one.reason, one.detail) for one in told.holds] == [("check-failed", "address"), ("check-failed", "price")]
    names = {value for _, value in people or ()}
    assert order().customer.email in names
    assert not [name for name in names if len(name) > 5 and name in msgspec.json.encode(told).decode()]


async def test_what_a_sink_owes_is_told_with_how_its_target_is(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1))
        one = app.pending("web-000000001", T0 + 7)
        intent = Intent(one.command_id, T0 + 8)
        await app.put_work("web-000000001", Work((one,), intent=intent, attempts=2, not_before=9, held="two"))
        told = await look.entry("web-000000001")

    assert told is not None
    erp, crm, _shop = told.works
    assert (erp.role, erp.target, erp.mode, erp.state) == ("erp", "erp-target", "run", "closed")
    assert [(one.kind, one.at) for one in erp.pending] == [("CREATE_ORDER", T0 + 7)]
    assert (erp.intent_at, erp.attempts, erp.not_before, erp.held) == (T0 + 8, 2, 9, "two")
    assert (crm.mode, crm.pending) == ("paused", ())


async def test_a_command_that_cannot_be_read_is_still_told(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1))
        await app.put_work("web-000000001", Work((Pending("c", b"nonsense", ("erp.command.v1", 0, 1)),)))
        told = await look.entry("web-000000001")
        [row] = (await look.queue("stuck")).rows

    assert told is not None
    assert [(one.kind, one.at) for one in told.works[0].pending] == [("", None)]
    assert (row.order_id, row.since) == ("web-000000001", None)


async def test_what_is_not_there_is_none_and_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        assert await look.entry("web-9") is None
        assert look.people("web-9") is None
        assert look.owner_of("web-9") == app.url
        app.metadata.clear()
        close_table(app.tables["orders"])
        assert look.owner_of("web-9") is None
        with pytest.raises(NotOwnedError):
            await look.entry("web-9")
        with pytest.raises(NotOwnedError):
            look.people("web-9")


# ── by number ────────────────────────────────────────────────────────────────────────────────────


async def test_the_channels_and_the_erps_number_find_the_order(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        for number in range(1, 30):
            await app.put(placed(number), acknowledged(number, f"SO-{number}"))
        by_erp, by_channel = await look.find("SO-7"), await look.find("000000012")
        part_of_one, none = await look.find("SO-"), await look.find("nothing")

    assert (by_erp.order_ids, by_channel.order_ids) == (("web-000000007",), ("web-000000012",))
    assert (part_of_one.order_ids, none.order_ids, none.is_whole) == ((), (), True)


async def test_a_search_that_takes_too_long_says_that_it_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_tables, "PIECE", 2)
    async with begun(tmp_path) as (app, look):
        for number in range(1, 30):
            await app.put(placed(number))
        app.clock.step = 0.3
        found = await look.find("nothing")

    assert not found.is_whole


# ── queues ───────────────────────────────────────────────────────────────────────────────────────


async def test_held_orders_are_told_the_oldest_first_and_counted(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        for number in range(1, 21):
            failing = ("price",) if number % 2 else ()
            await app.put(placed(number, T0 + (30 - number) * MINUTE), failing=failing)
        found = await look.queue("held")

    assert found.total == 10
    assert [row.order_id for row in found.rows][:2] == ["web-000000019", "web-000000017"]
    assert found.rows[0].since == T0 + 11 * MINUTE
    assert (found.rows[0].holds[0].detail, found.is_whole, found.worker) == ("price", True, "worker-1")


async def test_an_order_that_goes_on_and_needs_a_person_is_among_those_that_wait_for_one(tmp_path: Path) -> None:
    """What a system beside the order's way refused holds nothing, and is never forgotten."""
    refused = event("ANSWERED", 1)
    async with begun(tmp_path) as (app, look):
        entry = await app.put(placed(1), acknowledged(1, "SO-1"), placed(2, T0 + MINUTE))
        remark = Hold("refused-beside", "finance/POST_INVOICE/I1: rejected-by-target", T0 + 5 * MINUTE)
        with_remark = msgspec.structs.replace(entry, remarks=(remark,))
        await app._put(app.tables["orders"], refused.order_id, order_state.encode(with_remark))
        await look.queue("held")
        found, told, sums = await look.queue("held"), await look.entry(refused.order_id), look.sums()

    [row] = found.rows
    assert (found.total, row.state, row.since) == (1, entry.state.value, T0 + 5 * MINUTE)
    assert told is not None
    assert [one.reason for one in told.holds] == [one.reason for one in row.holds] == ["refused-beside"]
    assert (sums.held, sums.reasons) == (1, {"refused-beside": 1})


async def test_waiting_work_is_told_from_when_it_was_decided(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        for number in range(1, 6):
            await app.put_work(f"web-{number}", Work((app.pending(f"web-{number}", T0 + number),), attempts=number))
        await app.put_work("web-6", Work())
        await app.put_work("web-7", Work((app.pending("web-7", T0, "crm"),)), "crm")
        found = await look.queue("stuck")

    assert [(row.order_id, row.role, row.since) for row in found.rows][:3] == [
        ("web-7", "crm", T0), ("web-1", "erp", T0 + 1), ("web-2", "erp", T0 + 2),
    ]  # fmt: skip
    assert (found.total, found.rows[2].what, found.rows[2].attempts) == (6, "CREATE_ORDER", 2)


async def test_a_shipment_that_waits_is_told_with_what_else_the_shop_is_asked(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put_work("web-1", Work((app.pending("web-1", T0 + 1, "commerce"),)), "commerce")
        await app._put(app.tables["shipment-work"], "web-2", work.encode(Work((app.pending("web-2", T0, "commerce"),))))
        found = await look.queue("stuck")
        await look._queues._in_background()

    assert [(row.order_id, row.role, row.since) for row in found.rows] == [
        ("web-2", "commerce", T0), ("web-1", "commerce", T0 + 1),
    ]  # fmt: skip
    assert look.sums().waiting == {"commerce": 2}


async def test_of_very_many_only_the_oldest_are_told_and_all_are_counted(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        entry = await app.put(placed(1), failing=("price",))
        stored = order_state.encode(entry)
        for number in range(1, 3 * MOST_STORED):
            await app._put(app.tables["orders"], f"web-{number:06d}", stored)
            await app.put_work(f"web-{number:06d}", Work((app.pending("x", T0 + number),)))
        held, stuck = await look.queue("held"), await look.queue("stuck")

    assert (held.total, len(held.rows)) == (3 * MOST_STORED, MOST_STORED)
    assert (stuck.total, len(stuck.rows)) == (3 * MOST_STORED - 1, MOST_STORED)
    assert [row.since for row in stuck.rows] == [T0 + number for number in range(1, MOST_STORED + 1)]


async def test_an_order_that_the_shop_keeps_open_and_that_waits_for_something_else_as_well_is_undecided(
    tmp_path: Path,
) -> None:
    kept_open = Hold("refused-at-shop", "commerce/CANCEL_ORDER/: stays-open-in-processing", T0 + MINUTE)
    late = Hold("shipped-after-cancel", "P-1", T0 + 2 * MINUTE)
    async with begun(tmp_path) as (app, look):
        entry = await app.put(placed(1))
        for name, holds in {"web-1": (kept_open,), "web-2": (late, kept_open)}.items():
            stored = order_state.encode(msgspec.structs.replace(entry, remarks=holds))
            await app._put(app.tables["orders"], name, stored)
        await look.queue("held")
        sums = look.sums()

    assert (sums.held, sums.undecided) == (2, 1)
    assert sums.reasons == {"refused-at-shop": 2, "shipped-after-cancel": 1}
    assert sums.oldest_by_reason == {"refused-at-shop": T0 + MINUTE, "shipped-after-cancel": T0 + 2 * MINUTE}


async def test_reasons_are_counted_of_all_held_orders_and_not_of_the_oldest_alone(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        entry = await app.put(placed(1))
        for number in range(3 * MOST_STORED):
            code = "refused-at-shop" if number < 2 * MOST_STORED else "shipped-after-cancel"
            held = msgspec.structs.replace(entry, remarks=(Hold(code, "", T0 + number),))
            # one partition: its oldest rows are all of the first reason
            await app.tables["orders"].commit(
                0, [Group([_written(number, order_state.encode(held))], {})], generation=1
            )
        await look.queue("held")
        sums = look.sums()

    assert (sums.held, sums.undecided, sums.is_whole) == (3 * MOST_STORED, MOST_STORED, True)
    assert sums.reasons == {"refused-at-shop": 2 * MOST_STORED, "shipped-after-cancel": MOST_STORED}
    assert sums.oldest_by_reason["shipped-after-cancel"] == T0 + 2 * MOST_STORED


def _written(number: int, stored: bytes) -> Write:
    version = Version(1, number + 10)
    return Write(f"eweb-{number}".encode(), pack(version, stored), version)


async def test_what_was_decided_since_is_seen_at_the_next_look(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1), failing=("price",))
        before = (await look.queue("held")).total
        released = event("RELEASED", 1, T0 + MINUTE, source_system="operator")
        await app.put(placed(1), released, failing=("price",))
        app.clock.after(2)
        after = (await look.queue("held")).total

    assert (before, after) == (1, 0)


async def test_a_partition_that_went_is_no_longer_told(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1), failing=("price",))
        assert (await look.queue("held")).total == 1
        close_table(app.tables["orders"])
        app.clock.after(2)
        assert (await look.queue("held")).total == 0


async def test_a_look_that_takes_too_long_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_tables, "PIECE", 2)
    monkeypatch.setattr(order_queues, "LOOK_S", 0.0)
    async with begun(tmp_path) as (app, look):
        for number in range(1, 30):
            await app.put(placed(number), failing=("price",))
            await app.put_work(f"web-{number}", Work((app.pending("x", T0),)))
        app.clock.step = 0.3
        held, stuck = await look.queue("held"), await look.queue("stuck")

    assert (held.is_whole, stuck.is_whole) == (False, False)
    assert held.total < 29


# ── what a worker tells of itself ────────────────────────────────────────────────────────────────


async def test_sums_come_from_a_look_in_the_background(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1), failing=("price", "address"))
        await app.put(placed(2, T0 + MINUTE), failing=("price",))
        await app.put_work("web-1", Work((app.pending("web-1", T0 + 3),)))
        first = look.sums()
        assert look._queues._background is not None
        await look._queues._background
        told = look.sums()

    assert (first.as_of, first.is_whole) == (0, False)
    assert (told.held, told.oldest_held_at, told.reasons, told.is_whole) == (2, T0, {"check-failed": 2}, True)
    assert (told.waiting, told.oldest_waiting_at) == ({"erp": 1}, {"erp": T0 + 3})


async def test_sums_tell_what_came_too_early_and_what_a_target_has_twice(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put(placed(1), event("SHIPPED", 1, T0 + 1, part="P-1"), event("SHIPPED", 1, T0 + 2, part="P-2"))
        await app.put(placed(2, T0 + MINUTE), event("SHIPPED", 2, T0 + MINUTE, part="P-3"), failing=("price",))
        await app.put_work("web-1", Work((app.pending("web-1", T0),), held="duplicate-suspected"))
        await app.put_work("web-2", Work((app.pending("web-2", T0),)))
        look.sums()
        assert look._queues._background is not None
        await look._queues._background
        told = look.sums()

    patience = order_state.DEFAULTS.patience
    assert (told.parked, told.oldest_parked_until) == ({"SHIPPED": 3}, {"SHIPPED": T0 + 1 + patience})
    assert told.oldest_by_reason == {"check-failed": T0 + MINUTE}
    assert told.doubled == {"erp": 1}


async def test_what_was_tried_in_vain_fails_and_while_its_target_is_away_all_that_waits(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        tried, waits, new = (app.pending(f"web-{number}", T0) for number in (1, 2, 3))
        await app.put_work("web-1", Work((tried,), attempts=1, not_before=T0 + 5))
        await app.put_work("web-2", Work((waits,), attempts=1))
        await app.put_work("web-3", Work((new,)))
        look.sums()
        assert look._queues._background is not None
        await look._queues._background
        well = look.sums()
        app.order_side.gates["erp"].failed(UnauthorizedError("401 refused"))
        away = look.sums()

    assert (well.waiting, well.failing) == ({"erp": 3}, {"erp": 1})
    assert away.failing == {"erp": 3}


async def test_what_is_stuck_is_told_with_how_its_target_is(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app.put_work("web-1", Work((app.pending("web-1", T0),)))
        app.order_side.gates["erp"].failed(UnauthorizedError("401 refused"))
        [row] = (await look.queue("stuck")).rows

    assert (row.target, row.target_state, row.mode) == ("erp-target", "needs-operator", "run")


async def test_a_target_that_refuses_us_is_told_with_why(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        app.order_side.gates["crm"].failed(UnauthorizedError("401 refused"))
        told = look.sums()
        if look._queues._background is not None:
            await look._queues._background

    assert list(told.refusing) == ["crm"]
    assert "401 refused" in told.refusing["crm"]


async def test_an_entry_of_another_release_does_not_end_the_worker(tmp_path: Path) -> None:
    async with begun(tmp_path) as (app, look):
        await app._put(app.tables["orders"], "web-1", b"\xc1")
        look.sums()
        assert look._queues._background is not None
        await look._queues._background
        told = look.sums()

    assert not told.is_whole
