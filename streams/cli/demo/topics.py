"""What the topics say when the story is over: read from outside, with the contracts alone."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from schemas import projection
from schemas.catalogue import DESIRED_STOCK, Contract, outcome_contract
from schemas.codec import FRAME
from schemas.models.desired_stock import DesiredStock
from schemas.models.operations import WRITE_STOCK, Outcome
from streams.topics import COMMERCE_OUTCOME, DEAD_LETTER, DESIRED

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
MICROS = 1_000_000
READ_WITHIN_S = 5.0
Pair = tuple[str, str]


def records(bootstrap: str, topic: str) -> Iterator[Message]:
    """Every record, partition by partition."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "demo", "enable.auto.commit": False, "log_level": 0}
    )
    try:
        for number in consumer.list_topics(topic, timeout=READ_WITHIN_S).topics[topic].partitions:
            yield from _partition(consumer, TopicPartition(topic, number))
    finally:
        consumer.close()


def _partition(consumer: Consumer, partition: TopicPartition) -> Iterator[Message]:
    low, high = consumer.get_watermark_offsets(partition, timeout=READ_WITHIN_S)
    consumer.assign([TopicPartition(partition.topic, partition.partition, low)])
    while low < high:
        batch = consumer.consume(min(5000, high - low), timeout=READ_WITHIN_S)
        if not batch:
            return
        yield from batch
        low = (batch[-1].offset() or 0) + 1


def _models(bootstrap: str, topic: str, contract: Contract[ModelT]) -> Iterator[ModelT]:
    decode = projection.decoder(contract, contract.schema_text).decode
    for message in records(bootstrap, topic):
        yield decode(message.value() or b"", FRAME.size)


def count(bootstrap: str, topic: str) -> int:
    return sum(1 for _ in records(bootstrap, topic))


def dead_letters(bootstrap: str) -> Counter[str]:
    """Reason → letters; a letter that was written twice counts once."""
    reasons: dict[str, str] = {}
    for message in records(bootstrap, DEAD_LETTER.name):
        headers = {str(name): _text(value) for name, value in list(message.headers() or [])}
        place = "-".join(headers[f"dl_{part}"] for part in ("topic", "partition", "offset"))
        reasons[place] = headers["dl_reason"]
    return Counter(reasons.values())


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


def delays(bootstrap: str) -> list[tuple[float, float]]:
    """(when, seconds) of every row that the shop acknowledged: from the broker's time of its oldest change."""
    wanted = _wanted(bootstrap)
    applied: dict[Pair, list[Outcome]] = defaultdict(list)
    for outcome in _models(bootstrap, COMMERCE_OUTCOME.name, outcome_contract("commerce")):
        if outcome.state == "APPLIED" and outcome.kind == WRITE_STOCK:
            applied[outcome.part or "", outcome.entity].append(outcome)
    return [delay for pair, outcomes in applied.items() for delay in _of_pair(wanted[pair], outcomes)]


def _wanted(bootstrap: str) -> Mapping[Pair, list[tuple[int, int]]]:
    """Pair → (version, dirty since) of every value that was wanted, oldest first."""
    found: dict[Pair, dict[int, int]] = defaultdict(dict)
    snapshots: list[DesiredStock] = list(_models(bootstrap, DESIRED.name, DESIRED_STOCK))
    for snapshot in sorted(snapshots, key=lambda one: (one.epoch, one.counter)):
        for source in snapshot.sources:
            found[source.source_code, snapshot.sku].setdefault(source.version, snapshot.dirty_since)
    return {pair: sorted(versions.items()) for pair, versions in found.items()}


def _of_pair(wanted: list[tuple[int, int]], outcomes: list[Outcome]) -> Iterator[tuple[float, float]]:
    before = 0
    for outcome in sorted(outcomes, key=lambda one: one.counter):
        since = next((since for version, since in wanted if before < version <= outcome.counter), None)
        if since is not None:
            yield outcome.at / MICROS, max(0, outcome.at - since) / MICROS
        before = outcome.counter
