"""Everything at once, in random order by the run's seed: kills, joins, a broker that is silent, a target that fails."""

import itertools
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from simulators.wms.disturb import QUIET, Disturbance
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until

BETWEEN_S = (1.0, 5.0)
SILENT_S = (2.0, 8.0)
BROKEN_S = (2.0, 6.0)
BEHIND_S = (8.0, 12.0)
"""So long records come behind those that are poison."""
PER_S = 40.0
FEWEST = 2
"""Workers that are to be there in the end."""


def lasting(nemesis: Nemesis, minutes: float, per_s: float) -> Nemesis:
    """The random run for so long, at such a pace; others as they are."""
    return replace(nemesis, trade_s=minutes * 60, per_s=per_s) if nemesis.id == ALL[0].id else nemesis


def _wait(run: Run, between: tuple[float, float]) -> None:
    threading.Event().wait(run.chance.uniform(*between))


def _kill(run: Run) -> None:
    """N1, and its supervisor starts it again."""
    worker = run.chance.choice(run.workers)
    worker.kill()
    worker.start()


def _join(run: Run) -> None:
    """N3: one that stays away begins, or one more comes; where there are many, one leaves."""
    running = run.workers
    if len(running) > FEWEST:
        leaving = run.chance.choice(running)
        assert leaving.stop() in (0, -signal.SIGTERM), f"{leaving.name} did not end cleanly:\n{leaving.log[-2000:]}"
    else:
        run.join()


def _silence(run: Run) -> None:
    """As N6: the broker answers nobody for some seconds, and no connection ends."""
    broker = run.system.kafka.brokers[0].child
    broker.signal(signal.SIGSTOP)
    try:
        _wait(run, SILENT_S)
    finally:
        broker.signal(signal.SIGCONT)


def _refuse(run: Run) -> None:
    """N9, until it bit, and for some seconds more: what is left of it would answer for the next fault."""
    target, status = run.system.struck, run.chance.choice((500, 502, 503))
    rule = target.fault(kind="status", status=status, rate=run.chance.choice((0.5, 1.0)), times=20)
    until(lambda: target.hits(rule) > 0, within=120, what="a call failed", step=0.2)
    _wait(run, BROKEN_S)
    target.heal()


def _lose_answers(run: Run) -> None:
    """N12, until it bit."""
    target = run.system.struck
    rule = target.fault(kind="drop-answer", times=run.chance.randint(1, 3))
    until(lambda: target.hits(rule) > 0, within=120, what="an answer was lost", step=0.2)


def _duplicate(run: Run) -> None:
    """N14, for some seconds."""
    run.system.traffic.disturb(Disturbance(duplicate=0.3, duplicate_later=0.2, duplicate_after_s=3))
    _wait(run, BROKEN_S)
    run.system.traffic.disturb(QUIET)


ACTS: dict[str, Callable[[Run], None]] = {
    "kills": _kill,
    "joins and leaves": _join,
    "silences of the broker": _silence,
    "failures of the target": _refuse,
    "lost answers": _lose_answers,
    "duplicates": _duplicate,
}


def _in_turn(run: Run) -> Iterator[str]:
    """Each once in random order, then any."""
    yield from run.chance.sample(list(ACTS), len(ACTS))
    yield from (run.chance.choice(list(ACTS)) for _ in itertools.count())


def together(run: Run) -> list[Hit]:
    """Acts follow one another until the trade has lasted; then all is healed."""
    run.supervisor.start()
    done: Counter[str] = Counter()
    end = time.monotonic() + run.trade_s  # noqa: TID251  a run of minutes
    for name in _in_turn(run):
        if time.monotonic() > end and len(done) == len(ACTS):  # noqa: TID251  as above
            break
        run.live()
        ACTS[name](run)
        done[name] += 1
        _wait(run, BETWEEN_S)
    run.system.struck.heal()
    for worker in run.workers:
        run.back(worker)
    run.live()
    run.system.traffic.poison(12, ("bad-magic", "unknown-schema-id", "truncated"))
    _wait(run, BEHIND_S)
    until(lambda: len(run.workers) >= FEWEST, within=10, what="workers are there")
    return [Hit(name, count) for name, count in sorted(done.items())] + _bitten(run)


def _bitten(run: Run) -> list[Hit]:
    """What the targets' journals and what was sent say of it."""
    journal = run.system.struck.requests()
    sent = run.system.traffic.state()["delivered"]
    return [
        Hit("calls that failed", sum(entry["fault"] == "status" for entry in journal)),
        Hit("effects whose answer was lost", sum(entry["fault"] == "drop-answer" for entry in journal)),
        Hit("records that were sent again", int(sent.get("duplicate", 0)) + int(sent.get("duplicate-later", 0))),
    ]


ALL = (
    Nemesis(
        "N28", "all together", "N1, N3, N6, N9, N12, N14 at random", together, trade_s=120, per_s=PER_S, heal_s=240
    ),
)
