"""Brokers end, die, come back, and take no more than they may; three of them, each record on all three."""

from collections.abc import Callable

from streams.runtime.cluster import Cluster as Topics
from streams.settings import KafkaSettings
from streams.topics import RECORD_BYTES
from tests.faults.grid.cluster import GROUP_OFFSETS, Cluster
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.progress import logged, reads_again
from tests.faults.grid.run import Run
from tests.processes import until

DESIRED = "inventory.desired.v1"
MOVES_S = 60
BACK_S = 180.0
REFUSED_S = 90
COMMITS_FAILED = "OffsetCommit failed|Error sending OffsetCommitRequest"
TOO_FEW = "NotEnoughReplicas"


def restarts(run: Run) -> list[Hit]:
    """One after the other, each in the role that hurts; then all at once."""
    run.supervisor.start()
    cluster, kafka = Cluster(run.system), run.system.kafka
    return [
        _gone(run, "SIGTERM to a leader", cluster.leader_with_most(), kafka.stop_node),
        _gone(run, "kill -9 of a leader", cluster.leader_with_most(), kafka.kill),
        _gone(run, "kill -9 of the controller", cluster.controller(), kafka.kill),
        _all_gone(run),
    ]


def _gone(run: Run, what: str, number: int, end: Callable[[int], None]) -> Hit:
    """A broker ends while its partitions have work; counts what got another leader."""
    cluster = Cluster(run.system)
    run.live()
    led = [partition for partition, leader in cluster.leaders().items() if leader == number]
    was_controller = cluster.controller() == number
    end(number)
    until(lambda: _moved(cluster, number), within=MOVES_S, what=f"another broker leads what {number} led", step=0.2)
    run.live()
    run.system.kafka.restart_node(number, BACK_S)
    reads_again(run)
    return Hit(f"{what}: partitions and roles that moved", len(led) + was_controller)


def _moved(cluster: Cluster, number: int) -> bool:
    leaders = cluster.leaders()
    return bool(leaders) and number not in leaders.values() and cluster.controller() != number


def _all_gone(run: Run) -> Hit:
    kafka = run.system.kafka
    numbers = [broker.state.number for broker in kafka.brokers]
    run.live()
    for number in numbers:
        kafka.kill(number)
    until(lambda: not Cluster(run.system).leaders(), within=MOVES_S, what="nobody answers")
    for number in numbers:
        kafka.restart_node(number, 0)
    kafka.wait_ready(BACK_S)
    reads_again(run)
    return Hit("brokers killed at once", len(numbers))


def commits_fail(run: Run) -> list[Hit]:
    """The broker that keeps the group dies three times; while a worker joins, and while one leaves."""
    run.supervisor.start()
    cluster, kafka = Cluster(run.system), run.system.kafka
    moved, before = 0, logged(run, COMMITS_FAILED)
    for meanwhile in (_nothing, _joins, _leaves):
        until(lambda: cluster.coordinator() >= 0, within=MOVES_S, what="somebody says who keeps the group")
        keeper = cluster.coordinator()
        run.live()
        kafka.kill(keeper)
        meanwhile(run)
        until(lambda gone=keeper: cluster.coordinator() not in {gone, -1}, within=MOVES_S, what="the group has moved")  # type: ignore[misc]  # mypy reads no default of a lambda
        moved += 1
        kafka.restart_node(keeper, BACK_S)
        reads_again(run)
    errors = logged(run, COMMITS_FAILED) - before
    return [
        Hit("times the group's broker died and the group moved", moved),
        Hit("commits that failed, by the workers' logs", errors),
    ]


def _nothing(_run: Run) -> None:
    return


def _joins(run: Run) -> None:
    run.system.worker("c")


def _leaves(run: Run) -> None:
    assert run.workers[0].stop() == 0


def writes_fail(run: Run) -> list[Hit]:
    """Two of three brokers end, so that nothing may be written; then a topic takes no record of ours any more."""
    run.supervisor.start()
    few = _too_few(run)
    large = _too_large(run)
    return [*few, *large]


def _too_few(run: Run) -> list[Hit]:
    cluster, kafka = Cluster(run.system), run.system.kafka
    gone = cluster.others(cluster.leader_with_most(GROUP_OFFSETS))
    run.live()
    for number in gone:
        kafka.stop_node(number)
    until(lambda: logged(run, TOO_FEW) > 2, within=REFUSED_S, what="writes are refused for want of copies", step=0.5)
    refused = logged(run, TOO_FEW)
    for number in gone:
        kafka.restart_node(number, 0)
    kafka.wait_ready(BACK_S)
    until(lambda: set(cluster.in_sync()) == {3}, within=BACK_S, what="every copy is up to date", step=0.3)
    reads_again(run)
    return [Hit("brokers of three that ended", len(gone)), Hit("writes refused: too few copies", refused)]


def _too_large(run: Run) -> list[Hit]:
    topics = Topics(KafkaSettings(bootstrap_servers=run.system.kafka.bootstrap))
    run.live()
    before = sum(run.supervisor.codes.values())
    topics.set_config(DESIRED, {"max.message.bytes": "1"})
    until(
        lambda: sum(run.supervisor.codes.values()) > before,
        within=REFUSED_S,
        what="a worker ended: its command is refused",
        step=0.3,
    )
    topics.set_config(DESIRED, {"max.message.bytes": str(RECORD_BYTES)})
    reads_again(run)
    ended = sum(run.supervisor.codes.values()) - before
    return [Hit("workers that ended because a command was too large for its topic, and were started again", ended)]


THREE = {"nodes": 3}

ALL = (
    Nemesis(
        "N5",
        "broker restart",
        "a leader ends, a leader dies, the controller dies, all three die; each comes back",
        restarts,
        THREE,
        trade_s=900,
        per_s=60,
        open_end=True,
        heal_s=180,
    ),
    Nemesis(
        "N26",
        "commit fails",
        "the broker that keeps the group dies three times, also while workers join and leave",
        commits_fail,
        THREE,
        trade_s=900,
        per_s=60,
        open_end=True,
        heal_s=180,
    ),
    Nemesis(
        "N27",
        "produce fails",
        "two of three brokers end; then a topic takes no record of ours",
        writes_fail,
        THREE,
        trade_s=900,
        per_s=60,
        open_end=True,
        heal_s=180,
    ),
)
