"""What is done to the orders flow: each scene hits live work, and ends when the system has nothing left to do.

The tests of the product and those of the seeded bugs play the same scenes; they differ in what must be found after.
"""

import signal
from collections.abc import Callable, Mapping
from types import MappingProxyType

from streams.tables import ORDERS, changelog
from tests.beside import beside
from tests.faults.order_system import OrderSystem
from tests.faults.system import APP_ID
from tests.processes import Worker, until

UPSERTS, CREATES = "netsuite", "sap_s4hana"
CHANGELOG = changelog(APP_ID, ORDERS)
PACE_S = 0.2
"""From one order to the next: every moment finds some on their way."""
SIDE_BY_SIDE = 8
"""Looks of one worker at a time: of more, some are the other's."""
LONG = MappingProxyType({"STREAMS_CONNECTORS__SAP_S4HANA__TIMEOUT_S": "60"})
"""A look that was answered while its worker stood still is not timed out when it goes on."""


def lost_answers_and_a_kill(system: OrderSystem) -> None:
    """A quarter of the creates are carried out without an answer; a worker is killed with work in hand."""
    workers = [system.worker(name) for name in ("a", "b")]
    for worker in workers:
        worker.wait_ready()
    lost = system.break_creates(kind="drop-answer", rate=0.25)
    with beside(lambda: system.place(1), pause_s=PACE_S):
        until(lambda: system.hits(lost) > 2, within=60, what=lambda: f"answers were lost\n{workers[0].log[-2000:]}")
        until(lambda: 40 < len(system.placed) > len(system.booked), within=60, what="there is work in hand")
        workers[0].kill()
    system.worker("c").wait_ready()
    wait_idle(system, workers[1:])


def killed_between_state_and_commands(system: OrderSystem) -> None:
    """Every partition has kept the state of a batch; whose commands leave a moment later, has them in hand."""
    workers = [system.worker(name).wait_ready() for name in ("a", "b")]
    before = system.committed(CHANGELOG)
    system.place(40)

    def is_kept() -> bool:
        return all(end > before[partition][1] for partition, (_, end) in system.committed(CHANGELOG).items())

    until(is_kept, within=60, what="every partition has kept the state of a batch", step=0.1)
    workers[0].kill()
    system.worker("c").wait_ready()
    wait_idle(system, workers[1:], within=300)


def stopped_between_look_and_call(system: OrderSystem) -> None:
    """A worker stands still while its looks are under way; another does it all; then it goes on with what it saw."""
    workers = [system.worker(name).wait_ready() for name in ("a", "b")]
    slow = system.erp.process.fault(kind="latency", path=system.erp.orders_path, methods=["GET"], delay_s=3)
    system.place(40)
    until(lambda: system.hits(slow) >= SIDE_BY_SIDE + 2, within=60, what="both workers have looks under way")
    workers[0].signal(signal.SIGSTOP)
    system.erp.process.heal()
    system.wait_booked()
    workers[0].signal(signal.SIGCONT)
    wait_idle(system, workers)


def wait_idle(system: OrderSystem, workers: list[Worker], within: float = 150, step: float = 1.0) -> None:
    """Everything is read, and no sink has anything left; three looks in a row, for one may fall between two steps."""
    seen = 0

    def is_idle() -> bool:
        nonlocal seen
        seen = seen + 1 if system.order_lag() == 0 and not any(map(_pending, workers)) else 0
        return seen > 2  # noqa: PLR2004  three looks

    until(is_idle, within=within, what=lambda: f"nothing is left to do\n{workers[0].log[-3000:]}", step=step)


def _pending(worker: Worker) -> int:
    """Orders that the worker's sinks still have to bring to their targets."""
    if not worker.running:
        return 0
    try:
        sinks = worker.facts()["order_sinks"]
    except OSError:
        return 1
    return sum(int(sink["pending"]) for sink in sinks)


SCENES: Mapping[str, Callable[[OrderSystem], None]] = {
    "retry-without-look": lost_answers_and_a_kill,
    "commit-before-effect": killed_between_state_and_commands,
    "no-lease-check": stopped_between_look_and_call,
}
"""Which scene shows which bug."""
