"""The way to the brokers is cut, reset, slow or one-way; the brokers themselves notice little."""

from collections.abc import Callable

from simulators.network import Kind, Toxic, Way
from tests.faults.grid.cluster import Cluster
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.progress import committed, lasting, reads_again
from tests.faults.grid.run import Run
from tests.processes import until

BITES_S = 30
BEYOND_SESSION_S = 15.0
"""Seconds; the session of these workers is 6."""
LOST_S = 8.0
FLAPS = 5
SLOW_S = 90
PIECES = 50


def cut_off(run: Run) -> list[Hit]:
    """After each cut the workers read again before the next one comes."""
    run.supervisor.start()
    steps: tuple[Callable[[Run], Hit], ...] = (
        _one_broker,
        _all_brokers,
        _flapping,
        _reset,
        _requests_lost,
        _answers_lost,
    )
    found = []
    for step in steps:
        run.live()
        found.append(step(run))
        run.system.between.heal()
        reads_again(run)
    return found


def _cut(run: Run, what: str, toxic: Toxic, seconds: float, brokers: frozenset[int] | None = None) -> Hit:
    """Counts what was touched on the way, while the cut lasted."""
    between = run.system.between
    before = between.bites(toxic.kind)
    between.strike(toxic, brokers=brokers)
    until(lambda: between.bites(toxic.kind) > before, within=BITES_S, what=f"{what}: touches live connections")
    lasting(seconds)
    return Hit(what, between.bites(toxic.kind) - before)


def _one_broker(run: Run) -> Hit:
    leader = frozenset({Cluster(run.system).leader_with_most()})
    return _cut(run, "pieces held for 5 s on the way to and from one leader", Toxic(Kind.HOLD), 5, leader)


def _all_brokers(run: Run) -> Hit:
    return _cut(run, "pieces held beyond the session, all brokers", Toxic(Kind.HOLD), BEYOND_SESSION_S)


def _flapping(run: Run) -> Hit:
    touched = 0
    for _ in range(FLAPS):
        touched += _cut(run, "connections refused while flapping", Toxic(Kind.DOWN), 1).count
        run.system.between.heal()
        lasting(1)
    return Hit("connections refused while flapping", touched)


def _reset(run: Run) -> Hit:
    return _cut(run, "connections reset", Toxic(Kind.RESET_PEER), 0)


def _requests_lost(run: Run) -> Hit:
    return _cut(run, "pieces of requests lost on their way", Toxic(Kind.DROP, Way.UP), LOST_S)


def _answers_lost(run: Run) -> Hit:
    """The broker did what it was asked, and nobody heard of it."""
    return _cut(run, "pieces of answers lost on their way", Toxic(Kind.DROP, Way.DOWN), LOST_S)


def slow(run: Run) -> list[Hit]:
    """Each time the workers get on while it lasts."""
    run.supervisor.start()
    return [
        _slowed(run, "pieces 200 ms late", Toxic(Kind.LATENCY, delay_s=0.2, jitter_s=0.05)),
        _slowed(run, "pieces at 64 KB/s", Toxic(Kind.BANDWIDTH, rate=64_000)),
        _slowed(run, "slices of 200 bytes", Toxic(Kind.SLICER, size=200, delay_s=0.001)),
    ]


def _slowed(run: Run, what: str, toxic: Toxic) -> Hit:
    between = run.system.between
    run.live()
    done, before = committed(run), between.bites(toxic.kind)
    between.strike(toxic)
    until(
        lambda: between.bites(toxic.kind) - before > PIECES and committed(run) > done + run.system.some,
        within=SLOW_S,
        what=f"{what}: the workers get on meanwhile",
        step=0.3,
    )
    found = Hit(what, between.bites(toxic.kind) - before)
    between.heal()
    return found


ALL = (
    Nemesis(
        "N6",
        "broker cut off",
        "one broker for 5 s, all beyond the session, flapping, reset, one way and the other",
        cut_off,
        {"nodes": 3, "proxied": True},
        trade_s=900,
        per_s=60,
        open_end=True,
        heal_s=180,
    ),
    Nemesis(
        "N7",
        "slow broker",
        "200 ms more each way, 64 KB/s, slices",
        slow,
        {"proxied": True},
        trade_s=600,
        per_s=100,
        open_end=True,
        heal_s=120,
    ),
)
