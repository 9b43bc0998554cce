"""Workers die, end, come, go and stand still while they work."""

import signal

from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until


def nothing(_run: Run) -> list[Hit]:
    """The run that has to pass before any other means anything."""
    return []


def kill_in_a_call(run: Run) -> list[Hit]:
    """Both workers die while the target holds a call of one of them."""
    target = run.system.struck
    held = target.fault(kind="latency", delay_s=2.5, times=1)
    until(lambda: target.hits(held) > 0, within=20, what="a call is held")
    run.live()
    for worker in run.workers:
        worker.kill()
    run.join(), run.join()
    until(lambda: _unanswered(run) > 0, within=10, what="the held call found nobody")
    return [Hit("calls that a kill left without an answer", _unanswered(run))]


def _unanswered(run: Run) -> int:
    return len([one for one in run.system.struck.requests() if one["fault"] == "latency" and not one["answered"]])


def stop_under_load(run: Run) -> list[Hit]:
    """SIGTERM, then SIGINT, each to a worker that has work; another takes over."""
    ended = 0
    for number in (signal.SIGTERM, signal.SIGINT):
        worker = run.at_work()
        run.live()
        worker.signal(number)
        assert worker.wait(35) == 0, f"{worker.name} did not end cleanly:\n{worker.log[-2000:]}"
        ended += 1
        run.join().wait_ready()
    return [Hit("workers that ended with 0 under load", ended)]


def join_and_leave(run: Run) -> list[Hit]:
    """A third joins, the first leaves, and five starts and ends follow one another."""
    first, *_ = run.workers
    moves = 0
    third = run.join().wait_ready()
    run.live()
    assert first.stop() == 0
    moves += 2
    for _ in range(2):
        passing = run.join()
        run.live()
        passing.signal(signal.SIGKILL)
        passing.wait(10)
        moves += 2
    run.join().wait_ready()
    third.wait_ready()
    return [Hit("joins and leaves under load", moves + 1)]


def stand_still(run: Run) -> list[Hit]:
    """The worker that writes to the target stops in a call until another has its place, and goes on then."""
    target, zombie = run.system.struck, run.at_work()
    heirs = [worker for worker in run.workers if worker is not zombie]
    run.live()
    held = target.fault(kind="latency", delay_s=1.5, times=1)
    until(lambda: target.hits(held) > 0, within=20, what="a call is under way")
    zombie.signal(signal.SIGSTOP)
    try:
        until(lambda: any(map(run.system.has_taken_over, heirs)), within=60, what="an heir has its place")
        run.live()
    finally:
        zombie.signal(signal.SIGCONT)
    until(zombie.is_ready, within=60, what=lambda: f"{zombie.name} is ready again\n{zombie.log[-2000:]}")
    return [Hit("calls that were under way when their worker stopped", target.hits(held))]


ALL = (
    Nemesis("N0", "no fault", "nothing is broken", nothing, trade_s=8, per_s=250),
    Nemesis("N1", "kill -9", "both workers are killed while the target holds a call", kill_in_a_call),
    Nemesis("N2", "SIGTERM", "workers are told to end while they work", stop_under_load, trade_s=40, per_s=100),
    Nemesis("N3", "rebalance", "workers join, leave and die in quick order", join_and_leave, trade_s=45, per_s=100),
    Nemesis("N4", "zombie", "the writer stops beyond its session, then goes on", stand_still, trade_s=30, per_s=100),
)
