"""The table as one reader makes it of the topic from offset zero (I5), and as the changelog tells it.

The reader runs the product's flow over the log, in one process and in large batches, with nothing broken around it:
what the workers hold after all that happened to them must be the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from streams.domain import stock_entry
from streams.domain.stock_entry import SourceState, StockEntry
from streams.flows import stock_keys
from streams.flows.stock import StockFlow
from streams.flows.stock_records import StockRecords
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.partition_store import contents
from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import Serde
from streams.runtime.versioned import unpack
from streams.settings import Settings
from streams.settings.read import read_settings
from streams.settings.rules import stock_rules
from streams.tables import STOCK_LEDGER
from streams.topics import ALERT, DESIRED, HOLD, RECOUNT, STOCK_INPUTS
from tests.fakes.broker import MemoryBroker
from tests.fakes.still_clock import StillClock
from tests.faults.checks import newest_of_each
from tests.faults.system import APP_ID, System
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.tables import close_table, open_table

STOCK = "wms.stock-change.v1"
GENERATION = 1
AT_ONCE = 500
INTAKE_LIMIT = 1 << 18


def held(system: System) -> dict[str, StockEntry]:
    """SKU → what the changelog holds: the highest version of each key."""
    newest = newest_of_each(system, STOCK_LEDGER, stock_keys.ENTRY)
    return {key[1:].decode(): stock_entry.decode(unpack(value)[1]) for key, value in newest.items()}


def replayed(system: System, folder: Path) -> dict[str, StockEntry]:
    """SKU → what one reader makes of the topic."""
    logs: dict[int, list[Any]] = {}
    for message in system.read(STOCK):
        logs.setdefault(message.partition(), []).append(message)
    found: dict[str, StockEntry] = {}
    settings = read_settings(system.environ)
    with closing(HttpRegistry(settings.schema_registry)) as registry:
        for number, log in logs.items():
            found |= asyncio.run(_folded(settings, registry, folder / f"replayed-{number}", number, log))
    return found


async def _folded(
    settings: Settings, registry: HttpRegistry, folder: Path, partition: int, log: Sequence[Any]
) -> Mapping[str, StockEntry]:
    rules, clock = stock_rules(settings.inventory), StillClock(datetime.now(UTC))  # noqa: TID251  when it runs, for nothing that is compared
    serde, broker = Serde(registry, clock), MemoryBroker()
    table = open_table(
        folder, broker.writer, name=STOCK_LEDGER.name, derive=stock_keys.derive_index, partitions=[partition]
    )
    guards = {topic.name: Guard(topic.name, _never_paused) for topic in STOCK_INPUTS}
    flow = StockFlow(
        table,
        broker.writer,
        DeadLetters(broker.writer, APP_ID, folder / "letters"),
        records=StockRecords(serde, rules, guards, INTAKE_LIMIT),
        encode=serde.encode,
        rules=rules,
        clock=clock,
    )
    await serde.prepare([DESIRED.name, ALERT.name, RECOUNT.name, HOLD.name])
    for start in range(0, len(log), AT_ONCE):
        records = [_raw(message) for message in log[start : start + AT_ONCE]]
        await flow.take(STOCK, partition, records, GENERATION)
    stored = contents(table.store(partition)).items()
    found = {k[1:].decode(): stock_entry.decode(unpack(v)[1]) for k, v in stored if k.startswith(stock_keys.ENTRY)}
    close_table(table)
    return found


def _raw(message: Any) -> Raw:  # Any: librdkafka's message
    return Raw(
        message.topic(),
        message.offset(),
        message.key(),
        message.value(),
        message.timestamp()[1],
        message.partition(),
        message.headers() or (),
    )


def _never_paused(topic: str, why: object) -> None:
    raise AssertionError(f"the reader paused {topic}: {why}")


def same(entry: StockEntry) -> tuple[object, ...]:
    """What two folds of one log agree on, however its records were cut into batches.

    Left out: the counter and the versions (they count writes), the causes and the guards of redeliveries.
    """
    return tuple(_without_writes(state) for state in entry.sources), entry.scopes


def _without_writes(state: SourceState) -> SourceState:
    return msgspec.structs.replace(state, version=0, cause_input=0, cause_offset=-1, since=0)
