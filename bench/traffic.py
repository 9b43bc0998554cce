"""Stock changes at a stated rate, open loop: each has an intended time, whatever became of those before it."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import NamedTuple

from confluent_kafka import Producer

from bench.machine import now, wait
from bench.stack import LineError, Offsets, Stack, Watch
from schemas.codec import FRAME
from schemas.projection import stock_change_decoder
from simulators.wms.bulk import BulkSettings, BulkStream, Encoded, preload
from simulators.wms.clock import SystemClock
from simulators.wms.model import WAREHOUSES, locations_of
from streams.topics import STOCK_CHANGE

MICROS = 1_000_000
STEP_S = 0.005
BEHIND_S = 0.5
FLUSH_S, LONGEST_S = 60.0, 3600.0


class Told(NamedTuple):
    """A change as the broker took it: seconds since 1970, and the row that it is about."""

    at: float
    source_code: str
    sku: str


class Traffic:
    """One stream for a whole line: sequences and quantities go on from phase to phase.

    Nothing is ever sold out: that would go to the shop at once, and windows are what is measured.
    `behind_s` is how late the generator may be; infinite where a line counts the rate that was reached.
    """

    def __init__(self, stack: Stack, *, items: int, seed: int, behind_s: float = BEHIND_S) -> None:
        self._behind_s = behind_s
        self._stack, self._clock = stack, SystemClock()
        self._settings = BulkSettings(0, self._clock.now(), items=items, seed=seed, run=f"live-{seed}", lowest=1)
        self._stream = BulkStream(self._settings, stack.stock_schema())
        self._producer: Producer = stack.producer()

    @contextmanager
    def flowing(self, rate: float) -> Iterator[None]:
        """At a rate for as long as the `with` block takes, in a thread.  LineError as `run`."""
        over = Event()
        with ThreadPoolExecutor(1, "traffic") as pool:
            sent = pool.submit(self.run, rate, LONGEST_S, over.is_set)
            try:
                yield
            finally:
                over.set()
            sent.result()

    def run(self, rate: float, seconds: float, is_over: Callable[[], bool] = lambda: False) -> int:
        """How many were sent, for so long or until it `is_over`.

        LineError where the generator itself fell behind: then the rate was not what is said.
        """
        count = int(rate * seconds)
        gap = int(MICROS / rate)
        records = self._stream.more(count, self._clock.now(), gap)
        return paced(self._producer, records, rate=rate, count=count, is_over=is_over, behind_s=self._behind_s)

    def burst(self, count: int) -> int:
        """As fast as the broker takes them."""
        return preload(self._producer, self._stream.more(count, self._clock.now() - count, 1))

    @property
    def stream(self) -> BulkStream:
        return self._stream


def paced(
    producer: Producer,
    records: Iterator[Encoded],
    *,
    rate: float,
    count: int,
    is_over: Callable[[], bool] = lambda: False,
    behind_s: float = BEHIND_S,
) -> int:
    """`count` of them, each at its intended time, or fewer where it `is_over` before; how many were sent.

    LineError where the generator itself fell `behind_s`.
    """
    begun = now()
    latest = 0.0
    sent = 0
    while sent < count and not is_over():
        wanted = min(count, int((now() - begun) * rate) + 1)
        latest = max(latest, (now() - begun) - sent / rate if sent else 0.0)
        for record in itertools.islice(records, wanted - sent):
            _send(producer, record)
        producer.poll(0)
        sent = wanted
        wait(STEP_S)
    producer.flush(FLUSH_S)
    if latest > behind_s:
        raise LineError(f"the generator fell {latest:.1f} s behind its rate of {rate:,.0f}/s")
    return sent


def _send(producer: Producer, record: Encoded) -> None:
    while True:
        try:
            producer.produce(STOCK_CHANGE.name, record.value, record.key)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def told(watch: Watch, begin: Offsets, schema_text: str) -> list[Told]:
    """The changes of a phase in order of the broker's time."""
    decode, sources = stock_change_decoder(schema_text).decode, locations_of(WAREHOUSES)
    found = []
    for message in watch.read(STOCK_CHANGE.name, begin):
        change = decode(message.value(), FRAME.size)
        found.append(Told(message.timestamp()[1] / 1000, sources[change.location_code], change.sku))
    return sorted(found)
