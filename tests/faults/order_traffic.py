"""Orders as their channels place them, and what is said of each, at a pace; disturbed, or poisoned, where asked for."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from confluent_kafka import KafkaError, Message, Producer

from simulators.channels.orders import Record
from simulators.wms.disturb import QUIET, Arrival, Disturbance, Disturber
from simulators.wms.producer import producer_config
from simulators.wms.record import StockRecord
from simulators.wms.registry import Registered, Registry, resolve
from simulators.wms.wire import RecordCodec, frame, schema_of

TOPIC = "commerce.order.v1"
NOBODYS_SCHEMA = 2_000_000_000
LONGEST_S = 240.0
"""Brokers may all be away for a while: what was sent then arrives, or is told as failed."""


class Said(NamedTuple):
    """A record of a topic; `key` names the field that the topic is keyed by."""

    topic: str
    key: str
    record: Record


class Sent(NamedTuple):
    """How many of each kind."""

    counts: Counter[str]


POISONS: Mapping[str, Callable[[bytes], bytes | None]] = {
    "bad-magic": lambda framed: b"\x01" + framed[1:],
    "short-frame": lambda _framed: b"\0\0\0",
    "unknown-schema-id": lambda framed: frame(NOBODYS_SCHEMA, framed[5:]),
    "truncated": lambda framed: framed[:-20],
    "bytes-left-over": lambda framed: framed + b"\0\0\0",
    "null-value": lambda _framed: None,
    "wrong-key": lambda framed: framed,
}
"""What is wrong with each; made from a good order."""


class OrderTraffic:
    """`story` says what is told of an order, the order itself first; `placed` takes in each that was sent."""

    def __init__(
        self,
        bootstrap: str,
        registry_url: str,
        orders: Iterator[Record],
        story: Callable[[Record], Sequence[Said]],
        placed: list[Record],
        seed: int,
    ) -> None:
        self._producer = Producer(producer_config(bootstrap, {"delivery.timeout.ms": int(LONGEST_S * 1000)}))
        self._registry, self._codecs = Registry(registry_url), dict[str, tuple[int, RecordCodec]]()
        self._orders, self._story, self._placed = orders, story, placed
        self._chance = random.Random(seed)
        self._disturber = Disturber(random.Random(seed))
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._delivered, self._failed = Counter[str](), list[str]()
        self._value: Callable[[Record], bytes] | None = None
        self._numbers = itertools.count(1)
        self.schema = self._resolved(TOPIC)
        self._last: Record | None = None

    # ── pace ─────────────────────────────────────────────────────────────────────────────────────

    def run(self, seconds: float, per_s: float) -> None:
        """Blocks; what is behind its pace catches up."""
        began = time.monotonic()  # noqa: TID251  a pace
        for number in range(int(seconds * per_s)):
            if self._stopping.wait(max(0.0, began + number / per_s - time.monotonic())):  # noqa: TID251  as above
                return
            self.place(1)
        self._stopping.wait(max(0.0, began + seconds - time.monotonic()))  # noqa: TID251  as above

    def place(self, number: int) -> None:
        """That many orders, now."""
        with self._lock:
            for order in itertools.islice(self._orders, number):
                self._placed.append(order)
                self._last = order
                story = list(self._story(order))
                self._chance.shuffle(story)
                for said in story:
                    self._send_all(self._disturber.push(_wrapped(said)))

    def stop(self) -> None:
        self._stopping.set()

    def drain(self) -> None:
        """Nothing is held back any more, and the brokers have everything.  AssertionError where they have not."""
        with self._lock:
            self._send_all(self._disturber.flush())
        left = self._producer.flush(LONGEST_S)
        assert not left, f"{left} records are not acknowledged"
        assert not self._failed, f"{len(self._failed)} records were refused: {self._failed[:3]}"

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────────

    def disturb(self, disturbance: Disturbance = QUIET) -> None:
        """From now on."""
        with self._lock:
            self._disturber.settings = disturbance

    def poison(self, count: int, kinds: Sequence[str]) -> Sent:
        """Records that must become dead letters; needs an order that was placed before."""
        with self._lock:
            sent = [self._poison(kinds[number % len(kinds)]) for number in range(count)]
        return Sent(Counter(sent))

    def speak(self, value: Callable[[Record], bytes]) -> None:
        """From now on `value` makes the framed value of an order."""
        with self._lock:
            self._value = value

    def state(self) -> dict[str, dict[str, int]]:
        with self._lock:
            return {"delivered": dict(self._delivered)}

    # ── to the broker ────────────────────────────────────────────────────────────────────────────

    def _poison(self, kind: str) -> str:
        assert self._last is not None, "no order was placed yet"
        number = f"P-{next(self._numbers)}"
        framed = self._framed(Said(TOPIC, "number", {**self._last, "number": number, "event_id": number}))
        key = "another" if kind == "wrong-key" else number
        self._produce(TOPIC, key, POISONS[kind](framed))
        return kind

    def _send_all(self, arrivals: Sequence[Arrival]) -> None:
        for wrapped, what in arrivals:
            said: Said = cast("dict[str, Any]", wrapped)["said"]
            is_order = said.topic == TOPIC and self._value is not None
            value = self._value(said.record) if is_order and self._value else self._framed(said)
            self._produce(said.topic, str(said.record[said.key]), value)
            self._delivered[what] += 1

    def _framed(self, said: Said) -> bytes:
        if said.topic not in self._codecs:
            known = self._resolved(said.topic)
            self._codecs[said.topic] = known.schema_id, RecordCodec(known.schema)
        schema_id, codec = self._codecs[said.topic]
        return frame(schema_id, codec.encode(said.record))

    def _resolved(self, topic: str) -> Registered:
        return resolve(self._registry, topic, schema_of(topic))

    def _produce(self, topic: str, key: str, value: bytes | None) -> None:
        self._producer.produce(topic, value, key.encode(), on_delivery=self._ended)
        self._producer.poll(0)

    def _ended(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed.append(str(error))


def _wrapped(said: Said) -> StockRecord:
    """What the disturber looks at: whose record it is, and when it was sent."""
    now = int(time.time() * 1_000_000)  # noqa: TID251  the pace of the disturber's clock
    return cast("StockRecord", {"sku": f"{said.topic}|{said.record[said.key]}", "effective_at": now, "said": said})
