"""Workers run out of memory, and die again before they have come back."""

import itertools
import resource
import threading

from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.faults.grid.watch import PAGE
from tests.processes import Worker, until

BURST = 14
ALONE_FROM = 6
"""The look from which on nobody else is there."""


def out_of_memory(run: Run) -> list[Hit]:
    """The lane's worker gets no more address space; then all are killed again and again, 0.1 to 1 s apart."""
    worker = run.at_work()
    run.live()
    looks = itertools.count(1)
    until(lambda: _lacks_memory(run, worker, next(looks)), within=180, what=f"{worker.name} lacks memory", step=2)
    how = f"ended by itself with {worker.wait(1)}" if not worker.running else "said so"
    if worker.running:
        worker.kill()
    run.back(worker)
    run.live()
    workers, killed = list(run.workers), 0
    for _ in range(BURST):
        one = run.chance.choice(workers)
        if one.running:
            one.kill()
            killed += 1
        one.start()
        threading.Event().wait(run.chance.uniform(0.1, 1.0))
    for one in workers:
        run.back(one)
    return [Hit(f"workers that ran out of memory ({how})", 1), Hit("kills in quick order", killed)]


def _lacks_memory(run: Run, worker: Worker, look: int) -> bool:
    """Every look takes what room is left, and gives more work at once than it has had memory for before.

    What a worker holds of its work is bounded: where that is not enough, it has to take over what others had open.
    """
    if not worker.running or _starves(worker):
        return True
    _starve(worker)
    if look == ALONE_FROM:
        for other in run.workers:
            if other is not worker and other.running:
                other.kill()
    run.system.burst()
    return False


def _starve(worker: Worker) -> None:
    """No more address space than it has: a hard limit, which can only be lowered."""
    with open(f"/proc/{worker.pid}/statm", encoding="ascii") as file:  # noqa: PTH123  of the kernel
        used = int(file.read().split()[0]) * PAGE
    resource.prlimit(worker.pid, resource.RLIMIT_AS, (used, used))


def _starves(worker: Worker) -> bool:
    return any(sign in worker.log for sign in ("MemoryError", "Cannot allocate memory", "bad_alloc"))


ALL = (
    Nemesis(
        "N25", "out of memory", "no address space left; 14 kills in quick order", out_of_memory, trade_s=20, per_s=50
    ),
)
