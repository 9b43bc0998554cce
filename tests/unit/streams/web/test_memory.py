"""What is remembered: rates, gaps, changes; a restart or a silent worker is no rate of zero."""

import msgspec

from streams.web import facts as f
from streams.web.fleet import LeftWorker, Snapshot
from streams.web.memory import Memory
from streams.web.overview import lately
from tests.unit.streams.web import scenes
from tests.unit.streams.web.situations import SILENT, situation
from tests.unit.streams.web.worlds import ACCOUNTED, NOW, SECOND, STOCK, intake, lane, target, worker

MINUTE = 60 * SECOND


def _snapshot(at: int, *workers: f.WorkerFacts, **more: object) -> Snapshot:
    return Snapshot(at, workers[0], workers, **more)  # type: ignore[arg-type]  # the rest by name


def _consumed(records: int, **changes: object) -> f.WorkerFacts:
    intakes = (intake(STOCK, tuple(range(8)), consumed=records), *worker().intakes[1:])
    return msgspec.structs.replace(worker(), intakes=intakes, **changes)


def test_the_rate_is_what_arrived_between_two_looks() -> None:
    memory = Memory()
    memory.note(_snapshot(NOW, _consumed(1000)))
    memory.note(_snapshot(NOW + 10 * SECOND, _consumed(3120)))

    found = memory.recall(NOW + 10 * SECOND)

    assert found.rates[STOCK] == 212.0
    assert found.quiet_since[STOCK] == NOW + 10 * SECOND


def test_no_rate_is_told_after_a_restart_or_without_a_worker() -> None:
    restarted, silent = Memory(), Memory()
    restarted.note(_snapshot(NOW, _consumed(1000)))
    restarted.note(_snapshot(NOW + 10 * SECOND, _consumed(20)))
    silent.note(_snapshot(NOW, _consumed(1000)))
    silent.note(_snapshot(NOW + 10 * SECOND, _consumed(2000), silent=(SILENT,)))

    assert restarted.recall(NOW + 10 * SECOND).rates[STOCK] is None
    assert silent.recall(NOW + 10 * SECOND).rates[STOCK] is None


def test_a_minute_without_an_answer_is_a_gap_and_the_worst_of_a_minute_stays() -> None:
    memory = Memory()
    late = msgspec.structs.replace(worker(), lane=lane(pending=9, oldest_pending_since=NOW - 30 * SECOND))
    memory.note(_snapshot(NOW - NOW % MINUTE, late))
    memory.note(_snapshot(NOW - NOW % MINUTE + 10 * SECOND, worker()))
    memory.note(_snapshot(NOW - NOW % MINUTE + MINUTE, worker(2)))
    memory.note(_snapshot(NOW - NOW % MINUTE + 2 * MINUTE, worker()))

    series = memory.recall(NOW - NOW % MINUTE + 3 * MINUTE).series["pending"]

    assert series[-4:] == (9.0, None, 0.0, None)
    assert len(series) == 60


def test_the_beginning_of_a_difference_is_kept_until_the_sums_agree() -> None:
    memory = Memory()
    off = msgspec.structs.replace(worker(), accounted={STOCK: {**ACCOUNTED[STOCK], "accepted": 1}})
    memory.note(_snapshot(NOW, off))
    memory.note(_snapshot(NOW + 10 * SECOND, off))

    assert memory.recall(NOW).mismatch_since == {STOCK: NOW}

    memory.note(_snapshot(NOW + 20 * SECOND, worker()))
    assert memory.recall(NOW).mismatch_since == {}


def test_changes_name_workers_breakers_and_orders() -> None:
    memory = Memory()
    order = f.OrderFact("sink/commerce", "shadow", "operator-2 (operate)", "new mapping", NOW + 15 * SECOND)
    memory.note(_snapshot(NOW, worker(), worker(2)))
    broken = msgspec.structs.replace(
        worker(), targets=(target(state="open", since=NOW, why="refused"),), orders=(order,)
    )
    memory.note(_snapshot(NOW + 10 * SECOND, broken, silent=(SILENT,)))
    memory.note(_snapshot(NOW + 20 * SECOND, worker(generation=4), left=(LeftWorker("worker-2", NOW + 12 * SECOND),)))

    told = [change.what for change in memory.recall(NOW + 20 * SECOND).changes]

    assert set(told) == {
        "Breaker of adobe_commerce opened: refused",
        "adobe_commerce answers again",
        "worker-3 stopped answering: no answer in 2 s",
        "worker-2 left the group",
        "worker-3 is no longer in the group",
        "operator-2 (operate) set sink commerce to shadow: “new mapping”",
        "Partitions were shared out anew (generation 4, worker-1)",
    }


def test_what_stood_before_the_memory_began_is_told_too_and_yesterday_is_not() -> None:
    lines = [line.what for line in lately(situation(scenes.busy()))]

    assert lines[-1] == "worker-1 started, version 0.1.0"
    assert "operator-2 (operate) set sink commerce to run: “mapping checked”" in lines
    old = scenes.calm()
    old.own = msgspec.structs.replace(old.own, started_at=NOW - 25 * 60 * MINUTE)
    assert lately(situation(old)) == ()


def test_a_worker_that_never_answered_and_is_gone_is_said_to_be_gone() -> None:
    gone, back = Memory(), Memory()
    unnamed = msgspec.structs.replace(SILENT, id="127.0.0.1:2")
    for memory in (gone, back):
        memory.note(_snapshot(NOW, worker(), silent=(unnamed,)))
    gone.note(_snapshot(NOW + SECOND, worker()))
    back.note(_snapshot(NOW + SECOND, worker(), worker(3, (), url="http://127.0.0.1:2")))

    assert [change.what for change in gone.recall(NOW + SECOND).changes] == ["127.0.0.1:2 is no longer in the group"]
    assert [change.what for change in back.recall(NOW + SECOND).changes] == ["worker-3 answers, version 0.1.0"]


def test_a_target_of_orders_that_comes_back_is_told_once_however_many_workers_call_it() -> None:
    def both(state: str, at: int) -> Snapshot:
        fact = f.OrderSinkFact("erp", "erp", "run", 0, target(name="netsuite", state=state, why="down"))
        return _snapshot(at, *(msgspec.structs.replace(worker(n), order_sinks=(fact,)) for n in (1, 2)))

    memory = Memory()
    for number, state in enumerate(("closed", "open", "trying", "closed")):
        memory.note(both(state, NOW + number * SECOND))

    told = [change.what for change in memory.recall(NOW + 9 * SECOND).changes]
    assert told == ["netsuite answers again", "Breaker of netsuite opened: down"]
