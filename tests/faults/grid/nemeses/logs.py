"""What the brokers hold is cut, grown, read anew, skipped or made anew: people and accidents at the logs.

Where the answer of the product is to stop and ask, what is done is what docs/operations.md says.
"""

import shutil

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from streams.runtime.cluster import Cluster
from streams.settings import KafkaSettings
from streams.tables import STOCK_LEDGER, TABLES, changelog
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.nemeses.state import refuses
from tests.faults.grid.run import Run
from tests.faults.system import APP_ID, System
from tests.processes import Worker, until

STOCK, DESIRED = "wms.stock-change.v1", "inventory.desired.v1"
LEDGER_LOG = changelog(APP_ID, STOCK_LEDGER)
AGAIN = ("replay", "reprocess", STOCK, "--from", "earliest", "--yes")
NOT_BELIEVED = "passes records that are not accounted for"


def _admin(system: System) -> AdminClient:
    """To be kept until its answers are there: they do not outlive it."""
    return AdminClient({"bootstrap.servers": system.kafka.bootstrap})


def _stopped(run: Run) -> list[Worker]:
    """All that run, ended cleanly while there is work."""
    found = run.workers
    run.live()
    for worker in found:
        assert worker.stop() == 0, f"{worker.name}: {worker.log[-2000:]}"
    return found


# ── changelogs ───────────────────────────────────────────────────────────────────────────────────


def changelog_gaps(run: Run) -> list[Hit]:
    """A changelog partition is cut to nothing, with every copy of it gone; another one grows by a partition."""
    first, *others = run.workers
    run.live()
    for worker in (first, *others):
        worker.kill()
        shutil.rmtree(worker.data)
    cut = run.chance.randrange(run.system.partitions)
    run.system.keep(LEDGER_LOG, cut)
    _cut_to_nothing(run.system, cut)
    run.counts_began_anew = True
    first.start()
    refuses(first, f"gaps accept {LEDGER_LOG} {cut}", "state was lost")
    run.system.command("gaps", "accept", LEDGER_LOG, str(cut), "--recount", "--yes", "--actor", "the grid")
    for worker in (first, *others):
        run.back(worker)
    stopped = _stopped(run)
    admin = _admin(run.system)
    (grown,) = admin.create_partitions([NewPartitions(LEDGER_LOG, run.system.partitions + 1)]).values()
    grown.result(60)
    until(lambda: _partitions(run.system, LEDGER_LOG) > run.system.partitions, within=60, what="it has grown")
    first.start()
    refuses(first, LEDGER_LOG, "partitions")
    run.system.keep(LEDGER_LOG)
    run.system.command("replay", "rebuild", STOCK_LEDGER.name, "--promote", "--yes")
    for worker in stopped:
        run.back(worker)
    return [
        Hit("changelog partitions cut to nothing", 1),
        Hit("refusals with the way out", 2),
        Hit("empty changelog partitions that were recovered", _empty(run.system)),
    ]


def _cut_to_nothing(system: System, partition: int) -> None:
    """Brokers cut only what may be cut: the policy is changed for as long as it takes."""
    cluster = Cluster(KafkaSettings(bootstrap_servers=system.kafka.bootstrap))
    cluster.set_config(LEDGER_LOG, {"cleanup.policy": "delete"})
    admin = _admin(system)

    def is_cut() -> bool:
        (done,) = admin.delete_records([TopicPartition(LEDGER_LOG, partition, -1)]).values()
        try:
            return done.exception(20) is None
        except TimeoutError:  # a broker with much else to do: it may be cut by now, and is cut again
            return False

    until(is_cut, within=180, what=f"{LEDGER_LOG} is cut")
    cluster.set_config(LEDGER_LOG, {"cleanup.policy": "compact"})


def _partitions(system: System, topic: str) -> int:
    with system.consumer() as consumer:
        return len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)


def _empty(system: System) -> int:
    """Partitions of changelogs without a record: a recovery that waits for one would not end."""
    found = 0
    with system.consumer() as consumer:
        topics = consumer.list_topics(timeout=10).topics
        for name in (changelog(APP_ID, table) for table in TABLES):
            for number in topics[name].partitions if name in topics else ():
                low, high = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=10)
                found += low == high
    return found


# ── offsets ──────────────────────────────────────────────────────────────────────────────────────


def replayed_live(run: Run) -> list[Hit]:
    """Everything is read again while the warehouses go on."""
    many = run.system.some
    until(lambda: _read(run.system) >= many, within=180, what=f"{many} records were read", step=0.5)
    run.live()
    read = _read(run.system)
    run.system.command("replay", "reprocess", run.system.topic, "--from", "earliest", "--yes")
    return [Hit("records that were read again", read)]


def _read(system: System) -> int:
    return sum(done for done, _end in system.committed(system.topic).values())


def lost_places(run: Run) -> list[Hit]:
    """Somebody sets all offsets to the end; then the topic of the snapshots is deleted and made anew."""
    stopped = _stopped(run)
    until(lambda: run.system.lag() > 0, within=60, what="there are records that nobody has read")
    skipped = run.system.lag()
    _to_the_end(run.system)
    for worker in stopped:
        run.back(worker)
    disbelieved = sum(worker.log.count(NOT_BELIEVED) for worker in stopped)
    stopped = _stopped(run)
    run.system.keep(DESIRED)
    _delete(run.system, DESIRED)
    run.system.command("topics", "apply")
    for worker in stopped:
        run.back(worker)
    run.system.command(*AGAIN)
    return [
        Hit("unread records that the offsets passed", skipped),
        Hit("offsets that were not believed", disbelieved),
        Hit("topics made anew", sum(worker.log.count("topic-created-anew") for worker in stopped)),
    ]


def _delete(system: System, topic: str) -> None:
    admin = _admin(system)
    (gone,) = admin.delete_topics([topic]).values()
    gone.result(60)

    def is_away() -> bool:
        with system.consumer() as consumer:
            return topic not in consumer.list_topics(timeout=10).topics

    until(is_away, within=60, what=f"{topic} is deleted", step=0.2)


def _to_the_end(system: System) -> None:
    """The broker lets nobody else commit while it still counts a worker that ended to the group."""
    with system.consumer(APP_ID) as consumer:
        ends = [
            TopicPartition(topic, number, end)
            for topic in (STOCK, DESIRED)
            for number, (_done, end) in system.committed(topic).items()
        ]

        def taken() -> bool:
            try:
                consumer.commit(offsets=ends, asynchronous=False)
            except KafkaException as refused:
                if refused.args[0].code() != KafkaError.UNKNOWN_MEMBER_ID:
                    raise
                return False
            return True

        until(taken, within=60, what="the group is empty and its offsets are set", step=0.5)


ALL = (
    Nemesis("N22", "changelog gaps", "a changelog is cut, and grows", changelog_gaps, trade_s=20, per_s=50),
    Nemesis("N23", "replay", "the operator has everything read again", replayed_live, trade_s=20, per_s=50),
    Nemesis("N24", "offsets lost", "offsets at the end, a topic made anew", lost_places, trade_s=20, per_s=50),
)
