"""The story of one SKU, one order or one record, out of every topic that tells of it, in order of time.

Each topic is keyed, so one partition of it is read, from a moment on and at most so many records: the story says where
it was cut.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.domain.stock_rules import StockRules
from streams.runtime.kafka import partition_of
from streams.runtime.lookback import Place
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.letter_book import Tick, untold
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.places import Partition, Span, place_text
from streams.runtime.operating.story_events import Event, event_of
from streams.runtime.operating.wire import Wire
from streams.topics import (
    ALERT,
    AUDIT,
    COMMANDS,
    COMMERCE_ORDER,
    COMMERCE_OUTCOME,
    DEAD_LETTER,
    DESIRED,
    NEWS_INPUTS,
    ORDER_EVENT,
    OUTCOMES,
    RECOUNT,
    SHIPMENT,
    STOCK_INPUTS,
)

BY_ITEM = (*STOCK_INPUTS, RECOUNT, DEAD_LETTER)
BY_SKU = (DESIRED, ALERT, COMMERCE_OUTCOME)
BY_ORDER = (ORDER_EVENT, *COMMANDS.values(), SHIPMENT, *OUTCOMES.values())
OF_SYSTEMS = (COMMERCE_ORDER, *NEWS_INPUTS)
STATED_AT_MOST = 50
"""Statements of systems that are read: they lie under those systems' numbers, not under the order's id."""
ORDER = {topic.name: number for number, topic in enumerate((*BY_ITEM, *BY_SKU, *OF_SYSTEMS, *BY_ORDER, AUDIT))}
"""Of records of the same millisecond: causes before effects."""


class Subject(NamedTuple):
    """Whom the story is about: the item number as the source writes it, and the SKU in the shop."""

    item: str
    sku: str
    order_id: str | None = None
    """The item may be an order: then what orders wrote is read as well."""


class Bounds(NamedTuple):
    """From which moment (µs), and at most how many records of each partition, the newest."""

    since: int
    most: int


class Story(NamedTuple):
    """`cut` names the partitions whose older records were not looked at."""

    events: list[Event]
    cut: list[str]


class Library:
    """Reads stories."""

    def __init__(self, brokers: Brokers, reader: LogReader, wire: Wire, rules: StockRules) -> None:
        self._brokers, self._reader, self._wire, self._rules = brokers, reader, wire, rules

    def story(self, subject: Subject, bounds: Bounds, tick: Tick = untold) -> Story:
        """`tick` is told topics read, and topics in all.

        Raises TopicMissingError, ClusterUnavailableError, KafkaException, RegistryUnavailableError.
        """
        cut: list[str] = []
        events: list[Event] = []
        item, sku = subject.item.encode(), subject.sku.encode()
        keyed = (*((one, item) for one in BY_ITEM), *((one, sku) for one in BY_SKU))
        if subject.order_id is not None:
            ordered = ((one, subject.order_id.encode()) for one in BY_ORDER)
            keyed = (*keyed, *(one for one in ordered if one not in keyed))  # an item may be called like an order
        for number, (topic, key) in enumerate(keyed):
            tick(number, len(keyed) + 1)
            parts = self._brokers.partitions(topic.name)
            parts = [parts[partition_of(key, len(parts))]]
            events += self._events(self._spans(parts, bounds, cut), frozenset((key,)))
        events += self._statements(events)
        tick(len(keyed), len(keyed) + 1)
        entities = {item, sku, *(name.encode() for event in events for name in event.about)}
        audits = self._spans(self._brokers.partitions(AUDIT.name), bounds, cut)
        events += self._events(audits, frozenset(entities))
        return Story(in_order(events), cut)

    def _statements(self, events: Sequence[Event]) -> list[Event]:
        """The records in which systems spoke of the order, where they have not left the log."""
        topics = {topic.name for topic in OF_SYSTEMS}
        places = (one.place for event in events for one in event.causes if one.place.topic in topics)
        newest = list(dict.fromkeys(places))[-STATED_AT_MOST:]
        found = (self._reader.one(place) for place in newest)
        return [event_of(record, self._wire, self._rules) for record in found if record is not None]

    def _spans(self, parts: Sequence[Partition], bounds: Bounds, cut: list[str]) -> dict[Partition, Span]:
        logs = self._brokers.spans(parts)
        since = self._brokers.at(parts, bounds.since)
        spans = {}
        for part, log in logs.items():
            from_time = since[part]
            first = log.end if from_time is None else max(from_time, log.first)
            newest = max(first, log.end - bounds.most)
            if newest > first:
                cut.append(f"{part}: {newest - first} older records")
            spans[part] = Span(newest, log.end)
        return spans

    def _events(self, spans: dict[Partition, Span], keys: frozenset[bytes]) -> Iterable[Event]:
        return [event_of(record, self._wire, self._rules) for record in self._reader.read(spans) if record.key in keys]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Oldest first."""
    return sorted(events, key=lambda event: (event.at, ORDER.get(event.place.topic, 99), event.place))


def of_record(events: Sequence[Event], place: Place) -> list[Event]:
    """What concerns one record: itself, what names its letter, and what holds it, up to the first that is well."""
    name = place_text(place)
    record = next((event for event in events if event.place == place), None)
    done: set[str] = set()
    kept = []
    for event in events:
        if event is record or name in event.about:
            kept.append(event)
            continue
        strand = f"{event.place.topic} {event.text.partition(':')[0]}" if event.kind == "outcome" else event.place.topic
        if record is not None and strand not in done and event.contains(record):
            kept.append(event)
            done |= {strand} if event.state == "ok" else set()
    return in_order(kept)
