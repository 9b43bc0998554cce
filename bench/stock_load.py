"""Stock changes for the lines that read a preloaded topic, and what the ledger must say of them afterwards."""

import json
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.bench import Bench
from bench.stack import Offsets, Stack, Watch
from schemas.catalogue import DESIRED_STOCK
from schemas.codec import FRAME
from schemas.projection import decoder
from simulators.wms.bulk import BulkSettings, BulkStream, Encoded, Ready, preload
from simulators.wms.clock import SystemClock
from simulators.wms.model import WAREHOUSES, locations_of
from streams.domain.quantities import from_decimal, round_down_to_shop
from streams.topics import DESIRED, STOCK_CHANGE

Shown = dict[tuple[str, str], int]
"""(source, SKU) → micros that the shop must show."""


@dataclass(frozen=True)
class Load:
    """What stands in the topic."""

    records: int
    balances: dict[tuple[str, str], Decimal]
    schema_file: Path
    ends: Offsets
    poison: int = 0
    """Records beside them that must be set aside."""

    @property
    def total(self) -> Decimal:
        """Sum over all scopes, as a peer adds them up."""
        return sum(self.balances.values(), Decimal(0))

    @property
    def shown(self) -> Shown:
        """Per source, rounded as the product rounds."""
        sources = locations_of(WAREHOUSES)
        sums: Shown = {}
        for (location, sku), quantity in self.balances.items():
            pair = (sources[location], sku)
            sums[pair] = sums.get(pair, 0) + from_decimal(quantity)
        return {pair: round_down_to_shop(micros) for pair, micros in sums.items()}


def fill(
    bench: Bench,
    stack: Stack,
    *,
    records: int,
    items: int,
    mixed: Callable[[Iterator[Encoded]], Iterator[Ready]] = iter,
) -> Load:
    """`records` stock changes of `items` SKUs (Zipf 1.1), of warehouses that hold stock of their own.

    `mixed` may put other records between them.
    """
    stock = stack.stock_schema()
    schema_file = bench.folder / "stock-change.avsc"
    schema_file.write_text(json.dumps(stock.schema), encoding="utf-8")
    clock = SystemClock()
    settings = BulkSettings(records, clock.now(), items=items, seed=bench.seed, run=f"bench-{bench.seed}")
    stream = BulkStream(settings, stock)
    begun = clock.monotonic()
    sent = preload(stack.producer(), mixed(iter(stream)))
    bench.say(f"{records:,} records of {items:,} SKUs loaded in {clock.monotonic() - begun:.0f} s")
    watch = stack.watch("bench-load")
    ends = watch.ends(STOCK_CHANGE.name)
    watch.close()
    return Load(records, stream.balances, schema_file, ends, sent - records)


def last_snapshots(watch: Watch, begin: Offsets, *, only: Container[bytes] | None = None) -> tuple[Shown, int]:
    """What the newest snapshot of each SKU says, or of some keys `only`, and how many snapshots there were."""
    decode = decoder(DESIRED_STOCK, DESIRED_STOCK.schema_text).decode
    newest: dict[bytes, bytes] = {}
    count = 0
    for message in watch.read(DESIRED.name, begin):
        if only is None or message.key() in only:
            newest[message.key()] = message.value()
        count += 1
    snapshots = (decode(value, FRAME.size) for value in newest.values())
    return {(one.source_code, each.sku): one.quantity for each in snapshots for one in each.sources}, count


def differences(wanted: Shown, found: Shown) -> int:
    """Rows that are not what they must be."""
    return sum(found.get(pair) != quantity for pair, quantity in wanted.items())


def bytes_of(messages: Iterable[Any]) -> int:  # Any: confluent-kafka's messages
    """Of keys and values."""
    return sum(len(message.key() or b"") + len(message.value() or b"") for message in messages)
