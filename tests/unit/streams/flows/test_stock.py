"""A batch through the whole flow: letters, then state, then snapshots; a kill anywhere loses and doubles nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from aiokafka.errors import KafkaError

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock
from schemas.models.stock_reservation import Reservation, ReservationAction, ReservationRequest
from streams.domain.stock_rules import Owner, PairTable, StockRules
from streams.flows.stock import YIELD_EVERY
from streams.flows.stock_skew import SYSTEMS_AT_MOST
from streams.runtime import outbox
from streams.runtime.guard import IN_A_ROW, IntakePausedError
from streams.runtime.lease import LeaseLostError
from streams.topics import ALERT, DEAD_LETTER, DESIRED, HOLD, REBASE, RESERVATION_REQUEST, STOCK_CHANGE
from tests.unit.streams.domain.ledger import HOUR, T0, UNIT, hold_record
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_stock_batch import rebase_record
from tests.unit.streams.flows.wire import change_bytes, hold_bytes, rebase_bytes, request_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker

pytestmark = pytest.mark.anyio
RULES = StockRules(low_stock=PairTable(5 * UNIT), future_tolerance=HOUR // 12)
NEVER_READ = b"\x01"


def record(number: int, units: float, *, kind: str = "DELTA", at: float = 0, **fields: Any) -> bytes:  # noqa: ANN401
    """A change with an identity of its own; `at` in seconds after T0."""
    when = T0 + round(at * UNIT)
    given = {"event_id": f"e{number}", "source_sequence": number, "effective_at": when, "recorded_at": when}
    return change_bytes(kind=kind, quantity=Decimal(units).quantize(Decimal("0.000001")), **{**given, **fields})


def full(number: int, units: float, **fields: Any) -> bytes:  # noqa: ANN401  any field of a record
    return record(number, units, kind="ABSOLUTE", **fields)


@asynccontextmanager
async def working(folder: Path, rules: StockRules = RULES) -> AsyncIterator[Worker]:
    worker = Worker(folder, rules)
    await worker.open()
    try:
        yield worker
    finally:
        worker.close()


# ── one batch ────────────────────────────────────────────────────────────────────────────────────


async def test_every_change_of_a_batch_counts_and_the_snapshot_is_sent_once(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), record(2, -3, at=1), record(3, 0.5, at=2), first=0)

        [snapshot] = one.snapshots
        [source] = snapshot.sources
        assert (snapshot.sku, source.source_code, source.quantity, source.status) == ("A", "W1", 7_500_000, 1)
        assert (source.changes, source.holds, source.cause) == (3, 0, Cause(STOCK_CHANGE.name, PARTITION, 2))
        assert one.counts == {f"{STOCK_CHANGE.name}/accepted": 3, f"{STOCK_CHANGE.name}/handed": 3}


async def test_what_was_set_aside_is_in_the_log_before_the_state_and_the_state_before_the_snapshot(
    tmp_path: Path,
) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 3), NEVER_READ, None, first=0)

        topics = [topic for topic, _records in one.broker.batches]
        assert topics == [DEAD_LETTER.name, one.table.changelog, DESIRED.name, ALERT.name]
        assert one.dead == [(1, "not-framed"), (2, "null-value")]
        assert one.counts[f"{STOCK_CHANGE.name}/dead"] == 2


async def test_a_source_without_a_count_is_parked_and_nothing_is_sent(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(record(1, 5), record(2, 5), first=0)
        assert (one.snapshots, one.counts[f"{STOCK_CHANGE.name}/parked"]) == ([], 2)

        await one.take(full(3, 7, at=-1), first=2)

        assert [source.quantity for source in one.snapshots[0].sources] == [17 * UNIT]
        assert f"{STOCK_CHANGE.name}/parked" not in one.counts


async def test_holds_and_an_operators_word_go_into_the_same_number(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), first=0)
        await one.take(hold_bytes(hold_record(3)), first=0, topic=HOLD.name)
        await one.take(rebase_bytes(rebase_record(50, 5)), first=0, topic=REBASE.name)

        assert [snapshot.sources[0].quantity / UNIT for snapshot in one.snapshots] == [10, 13, 53]
        assert one.snapshots[-1].sources[0].holds == 1
        assert [snapshot.counter for snapshot in one.snapshots] == [1, 2, 3]


async def test_a_batch_that_comes_again_changes_nothing_but_its_snapshot_is_sent_again(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        batch = [full(1, 10), record(2, -1, at=1), NEVER_READ]
        await one.take(*batch, first=0)
        before = (one.stored(), one.counts, one.dead)

        await one.take(*batch, first=0)

        assert (one.stored(), one.counts, one.dead) == before
        first, again = one.snapshots
        assert (first.counter, first.sources) == (again.counter, again.sources)


async def test_a_second_system_that_uses_a_plain_code_is_set_aside(tmp_path: Path) -> None:
    async with working(tmp_path, StockRules(locations={"W1": "main"})) as one:
        await one.take(full(1, 10), full(2, 99, source_system="erp"), first=0)
        await one.take(full(3, 98, source_system="erp"), first=2)

        assert one.dead == [(1, "ambiguous-location"), (2, "ambiguous-location")]
        assert one.snapshots[-1].sources[0].quantity == 10 * UNIT


async def test_a_record_that_the_ledger_refuses_is_set_aside(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 10), full(2, 99, source_system="erp"), first=0)

        assert one.dead == [(1, "not-owner")]
        assert one.counts[f"{STOCK_CHANGE.name}/dead"] == 1


async def test_a_long_batch_lets_others_have_their_turn(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        skus = [f"S{number}" for number in range(YIELD_EVERY)]
        records = [
            Raw(STOCK_CHANGE.name, offset, sku.encode(), full(1, 10, sku=sku), T0 // 1000)
            for offset, sku in enumerate(skus)
        ]

        await one.take_records(records)

        assert len(one.clock.slept) == 3, "while folding, settling and sending"
        assert sorted(snapshot.sku for snapshot in one.snapshots) == sorted(skus)


async def test_without_the_lease_nothing_is_written(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        one.broker.has_lease = False

        with pytest.raises(LeaseLostError):
            await one.take(full(1, 10), first=0)

        assert (one.stored(), one.broker.batches) == ({}, [])


# ── alerts and requests ──────────────────────────────────────────────────────────────────────────


async def test_what_is_told_is_kept_with_the_state_and_forgotten_with_the_next_write(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 3), first=0)
        waiting = outbox.waiting(one.table.store(PARTITION))
        assert ([alert.kind for alert in one.alerts], len(waiting)) == (["LOW"], 1)

        await one.take(record(2, 90, at=1), first=1)
        await one.take(record(3, 1, at=2), first=2)

        assert [alert.kind for alert in one.alerts] == ["LOW", "BACK_IN_STOCK"]
        assert outbox.waiting(one.table.store(PARTITION)) == []
        await one.take(record(4, 1, at=3), first=3)
        gone = [record.key for record in one.broker.log[one.table.changelog] if record.value is None]
        assert len(gone) == len(set(gone)) == 2


async def test_a_partition_that_goes_leaves_its_outbox_to_the_next_owner(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(full(1, 3), first=0)

        one.flow.forget(frozenset({PARTITION, 5}))
        await one.take(record(2, 1, at=1), first=1)

        assert len(outbox.waiting(one.table.store(PARTITION))) == 1
        assert await outbox.resend(one.table, one.broker.writer, PARTITION, generation=GENERATION) == 1
        assert len({alert.alert_id for alert in one.alerts}) == 1


async def test_a_clock_that_is_ahead_is_told_once_an_hour_for_each_system(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        ahead = [record(n, 1, at=7200, source_system=system) for n, system in enumerate(["wms", "wms", "erp"])]
        await one.take(*ahead, first=0)
        await one.take(record(9, 1, at=7200), first=3)
        assert [(alert.kind, alert.sku) for alert in one.alerts] == [("CLOCK_SKEW", "A")] * 2
        assert [reason for _offset, reason in one.dead] == ["effective-in-future"] * 4
        assert "clock of wms is ahead (effective 7200 s after it was appended)" in one.alerts[0].detail

        later = T0 // 1000 + 3_600_000
        await one.take_records([Raw(STOCK_CHANGE.name, 4, b"A", record(5, 1, at=9000), later)])

        assert len({alert.alert_id for alert in one.alerts}) == len(one.alerts) == 3


async def test_an_operators_word_for_later_is_a_letter_and_says_nothing_of_a_clock(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        await one.take(rebase_bytes(rebase_record(50, 3600)), first=0, topic=REBASE.name)

        assert (one.dead, one.alerts) == ([(0, "effective-in-future")], [])


async def test_what_is_remembered_of_clocks_is_bounded(tmp_path: Path) -> None:
    async with working(tmp_path) as one:
        ahead = [record(n, 1, at=7200, source_system=f"s{n}") for n in range(SYSTEMS_AT_MOST + 1)]

        await one.take(*ahead, first=0)

        assert len(one.alerts) == SYSTEMS_AT_MOST + 1
        assert len(one.flow._skew._told) == 1


# ── a kill at any moment ─────────────────────────────────────────────────────────────────────────


class Batch(NamedTuple):
    topic: str
    first: int
    values: list[bytes]


def reservation(name: str, action: ReservationAction = "CREATE", units: int = 2, **fields: Any) -> bytes:  # noqa: ANN401
    plain = {"ttl_ms": 60_000, "patience_ms": 500, "shop_reserved": 0, **fields}
    return request_bytes(
        ReservationRequest(
            request_id="q",
            reservation_id=name,
            sku="A",
            action=action,
            client="pos",
            quantity=units * UNIT,
            at=T0,
            **plain,
        )
    )


LOG = [
    Batch(STOCK_CHANGE.name, 0, [full(1, 10), record(2, -6, at=1), NEVER_READ]),
    Batch(HOLD.name, 0, [hold_bytes(hold_record(3)), hold_bytes(hold_record(2, revision=2))]),
    Batch(STOCK_CHANGE.name, 3, [record(3, -4, at=2), record(2, -6, at=1), full(4, 20, source_system="erp")]),
    Batch(REBASE.name, 0, [rebase_bytes(rebase_record(9, 3))]),
    Batch(RESERVATION_REQUEST.name, 0, [reservation("r1"), reservation("r1"), reservation("r2", units=99)]),
    Batch(RESERVATION_REQUEST.name, 3, [reservation("r1", "CONFIRM", order_id="pos-1")]),
    Batch(STOCK_CHANGE.name, 6, [record(5, 7, at=4, previous_quantity=Decimal("1.000000")), full(6, 30, at=5)]),
]


class Seen(NamedTuple):
    """What the rest of the world has when all is done."""

    stored: dict[bytes, bytes]
    counts: dict[str, int]
    last: tuple[Any, ...]
    dead: set[tuple[int, str]]
    alerts: set[str]
    recounts: set[str]
    reservations: dict[str, Reservation | None]


def seen(one: Worker) -> Seen:
    last: DesiredStock = one.snapshots[-1]
    return Seen(
        stored=one.stored(),
        counts=dict(one.counts),
        last=(last.epoch, last.counter, last.sources),
        dead=set(one.dead),
        alerts={alert.alert_id for alert in one.alerts},
        recounts={request.request_id for request in one.recounts},
        reservations=one.reservations,
    )


async def told(folder: Path, fails_at: int, *, after_effect: bool) -> tuple[Seen, int]:
    """The log, with a kill at one write; whatever was not committed comes again."""
    async with working(folder) as one:
        one.broker.fails_at, one.broker.after_effect = fails_at, after_effect
        for batch in LOG:
            try:
                await one.take(*batch.values, first=batch.first, topic=batch.topic)
            except KafkaError:
                await one.killed()
                await one.take(*batch.values, first=batch.first, topic=batch.topic)
        counters = [snapshot.counter for snapshot in one.snapshots]
        assert counters == sorted(counters), "an older snapshot never follows a newer one"
        return seen(one), one.broker.writes


async def left(folder: Path, fails_at: int, *, after_effect: bool) -> Seen:
    """The log, where the lease is lost for a moment at one write: the batch comes again to the same worker."""
    async with working(folder) as one:
        one.broker.fails_at, one.broker.after_effect = fails_at, after_effect
        one.broker.failure = LeaseLostError("the producer was closed before this batch had its turn")
        for batch in LOG:
            try:
                await one.take(*batch.values, first=batch.first, topic=batch.topic)
            except LeaseLostError:
                await one.take(*batch.values, first=batch.first, topic=batch.topic)
        return seen(one)


WRITES = 22
"""Of a run without a kill; each of them is a moment to be killed at."""


@pytest.mark.parametrize("after_effect", [False, True], ids=["the log has it not", "the log has it"])
@pytest.mark.parametrize("fails_at", range(1, WRITES + 1))
async def test_a_kill_at_any_write_loses_nothing_and_doubles_nothing(
    tmp_path: Path, fails_at: int, *, after_effect: bool
) -> None:
    whole, writes = await told(tmp_path / "whole", 0, after_effect=False)
    assert writes == WRITES

    killed, _ = await told(tmp_path / "killed", fails_at, after_effect=after_effect)

    assert killed == whole


@pytest.mark.parametrize("after_effect", [False, True], ids=["the log has it not", "the log has it"])
@pytest.mark.parametrize("fails_at", range(1, WRITES + 1))
async def test_a_lease_that_is_lost_for_a_moment_at_any_write_loses_nothing_and_doubles_nothing(
    tmp_path: Path, fails_at: int, *, after_effect: bool
) -> None:
    whole, _writes = await told(tmp_path / "whole", 0, after_effect=False)

    assert await left(tmp_path / "left", fails_at, after_effect=after_effect) == whole


# ── rules that fail ──────────────────────────────────────────────────────────────────────────────


class _Broken(dict[str, Owner]):
    """A table of a bad deploy."""

    def get(self, *_: object) -> NoReturn:
        raise RuntimeError("broken")

    def __bool__(self) -> bool:
        return True


async def test_a_record_that_a_rule_fails_on_is_one_letter_and_is_counted_once(tmp_path: Path) -> None:
    async with working(tmp_path, StockRules(owners=_Broken())) as one:
        batch = [full(1, 10), record(2, -1, at=1)]
        await one.take(*batch, first=0)
        await one.take(*batch, first=0)

        assert one.dead == [(0, "unexpected-error"), (1, "unexpected-error")]
        assert one.counts == {f"{STOCK_CHANGE.name}/dead": 2}


async def test_a_batch_that_pauses_the_intake_leaves_no_trace(tmp_path: Path) -> None:
    async with working(tmp_path, StockRules(owners=_Broken())) as one:
        with pytest.raises(IntakePausedError):
            await one.take(*(record(number, 1, at=number) for number in range(IN_A_ROW)), first=0)

        assert (one.paused, one.dead, one.counts) == ([STOCK_CHANGE.name], [], {})
