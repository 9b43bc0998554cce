"""Brokers end, die, come back, and take no more than they may; three of them, each record on all three."""

from collections.abc import Callable, Mapping

from confluent_kafka import KafkaException

from streams.runtime.cluster import Cluster as Topics
from streams.settings import KafkaSettings
from streams.tables import changelog
from streams.topics import RECORD_BYTES
from tests.faults.grid.cluster import Cluster
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.progress import logged, reads_again
from tests.faults.grid.run import Run
from tests.faults.system import APP_ID
from tests.processes import until

MOVES_S = 60
BACK_S = 180.0
ENDS_S = 20.0
REFUSED_S = 90
COMMITS_FAILED = "OffsetCommit failed|Error sending OffsetCommitRequest|Timer commit is overlapping"
TOO_FEW = "NotEnoughReplicas"
NOT_WRITTEN = "Got error produce response"


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
        _group_moves(cluster, keeper)
        moved += 1
        kafka.restart_node(keeper, BACK_S)
        reads_again(run)
    errors = logged(run, COMMITS_FAILED) - before
    return [
        Hit("times the group's broker died and the group moved", moved),
        Hit("commits that failed, or waited beyond their second, by the workers' logs", errors),
    ]


def _group_moves(cluster: Cluster, gone: int) -> None:
    until(lambda: cluster.coordinator() not in {gone, -1}, within=MOVES_S, what="another broker keeps the group")


def _nothing(_run: Run) -> None:
    return


def _joins(run: Run) -> None:
    run.join()


def _leaves(run: Run) -> None:
    assert run.workers[0].stop() == 0


def writes_fail(run: Run) -> list[Hit]:
    """Two of three brokers end; one ends where three copies are asked for; a topic takes no record of ours."""
    run.supervisor.start()
    found = []
    for step in (_two_of_three_end, _too_few_copies, _too_large):
        run.live()
        found.append(step(run))
        until(lambda: set(Cluster(run.system).in_sync()) == {3}, within=BACK_S, what="every copy is there", step=0.3)
        reads_again(run)
    return found


def _two_of_three_end(run: Run) -> Hit:
    """Nobody may write then, and nobody can be made leader: what was sent is not answered."""
    cluster, kafka = Cluster(run.system), run.system.kafka
    gone, before = cluster.others(cluster.leader_with_most()), logged(run, NOT_WRITTEN)
    for number in gone:
        kafka.stop_node(number, ENDS_S)
    until(lambda: logged(run, NOT_WRITTEN) > before, within=REFUSED_S, what="writes are refused or not answered")
    for number in gone:
        kafka.restart_node(number, 0)
    kafka.wait_ready(BACK_S)
    return Hit("writes that two brokers less refused or left unanswered", logged(run, NOT_WRITTEN) - before)


def _too_few_copies(run: Run) -> Hit:
    """The group's broker stays, so that the workers may write, and two copies are not enough."""
    cluster, kafka = Cluster(run.system), run.system.kafka
    until(lambda: cluster.coordinator() >= 0, within=MOVES_S, what="somebody says who keeps the group")
    number, before = cluster.others(cluster.coordinator())[0], logged(run, TOO_FEW)
    written = (run.system.commands, changelog(APP_ID, run.system.decides))
    for topic in written:
        _configure(run, topic, {"min.insync.replicas": "3"})
    kafka.stop_node(number, ENDS_S)
    until(lambda: logged(run, TOO_FEW) > before, within=REFUSED_S, what="writes are refused for want of copies")
    refused = logged(run, TOO_FEW) - before
    for topic in written:
        _configure(run, topic, {"min.insync.replicas": "2"})
    kafka.restart_node(number, BACK_S)
    return Hit("writes refused: NOT_ENOUGH_REPLICAS", refused)


def _too_large(run: Run) -> Hit:
    """MSG_SIZE_TOO_LARGE: what is decided cannot be sent, so the worker ends before it commits, and starts again."""
    before = run.supervisor.codes.total()
    _configure(run, run.system.commands, {"max.message.bytes": "1"})
    until(lambda: run.supervisor.codes.total() > before, within=REFUSED_S, what="a worker ended", step=0.3)
    ended = run.supervisor.codes.total() - before
    _configure(run, run.system.commands, {"max.message.bytes": str(RECORD_BYTES)})
    return Hit("workers that ended because a command was too large for its topic, and were started again", ended)


def _configure(run: Run, topic: str, config: Mapping[str, str]) -> None:
    """Set twice is set once.  A client asks the controller that it knows, though that may be the broker that ended."""
    until(lambda: _is_configured(_topics(run), topic, config), within=BACK_S, what=f"a controller sets {dict(config)}")


def _is_configured(topics: Topics, topic: str, config: Mapping[str, str]) -> bool:
    try:
        topics.set_config(topic, config)
    except KafkaException:
        return False
    return True


def _topics(run: Run) -> Topics:
    return Topics(KafkaSettings(bootstrap_servers=run.system.kafka.bootstrap))


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
        "two of three brokers end; one ends where three copies are asked for; a topic takes no record of ours",
        writes_fail,
        THREE,
        trade_s=900,
        per_s=60,
        open_end=True,
        heal_s=180,
    ),
)
