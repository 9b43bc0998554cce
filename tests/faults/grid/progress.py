"""Whether the workers still get on: what they committed rises."""

import re
import threading

from confluent_kafka import KafkaException

from tests.faults.grid.run import Run
from tests.processes import until

AGAIN_S = 60
"""After a broker is back a worker reads again within this, or ends by itself and is started again within it."""


def committed(run: Run) -> int:
    """Records of the traded topic that are done; -1 while the brokers do not say."""
    known = _told(run)
    return sum(done for done, _ in known.values()) if known else -1


def _told(run: Run) -> dict[int, tuple[int, int]]:
    """Partition → (done, end); nothing while the brokers do not say."""
    try:
        return run.system.committed(run.system.topic)
    except KafkaException:
        return {}


def reads_again(run: Run) -> None:
    """From when the brokers say what is done: every partition that had work is read further, and some is."""
    assert run.trading, "the trade was over: nothing is left to be read"
    until(lambda: committed(run) >= 0, within=AGAIN_S, what="the group's broker answers", step=0.3)
    before = _told(run)
    waiting = {number: done for number, (done, end) in before.items() if end > done}
    total = sum(done for done, _ in before.values())

    def further() -> bool:
        now = _told(run)
        return bool(now) and committed(run) > total and all(now[one][0] > done for one, done in waiting.items())

    until(further, within=AGAIN_S, what=lambda: f"the workers read again; {_standing(run)}", step=0.3)


def _standing(run: Run) -> str:
    return "; ".join(
        f"{one.name} {'runs' if one.running else 'ended'}\n{one.log[-1500:]}" for one in run.system.workers
    )


def lasting(seconds: float) -> None:
    """How long a fault lasts is part of the fault: nothing is waited for."""
    threading.Event().wait(seconds)


def logged(run: Run, pattern: str) -> int:
    """Lines of the workers' logs in which it is found."""
    found = re.compile(pattern)
    return sum(bool(found.search(line)) for worker in run.system.workers for line in worker.log.splitlines())
