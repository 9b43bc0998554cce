"""An operator's desk on the real stack: calls commands, writes records as others do, and reads what was written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from click.testing import Result

from schemas.catalogue import STOCK_CHANGE, Contract
from schemas.codec import Writer, frame
from streams.runtime.clock import SystemClock
from streams.runtime.lookback import Place
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.posting import Outgoing, Posting
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.operating.wire import Wire
from streams.settings import Settings, read_settings
from tests.commands import invoke

Model = TypeVar("Model", bound=msgspec.Struct)


@dataclass
class Desk:
    """One application id with its own group and changelogs; the topics are everybody's."""

    environ: Mapping[str, str]

    def __post_init__(self) -> None:
        self.settings: Settings = read_settings(self.environ)
        self.brokers = Brokers(self.settings.kafka)
        self._registry = OperatorRegistry(self.settings.schema_registry)
        self.wire = Wire(self._registry)
        self.posting = Posting(self.settings.kafka)

    def close(self) -> None:
        self._registry.close()

    @property
    def app_id(self) -> str:
        return self.settings.app_id

    def run(self, *arguments: str, expect: int | None = 0, **changes: str) -> Result:
        """A command; `changes` are settings for this call."""
        result = invoke({**self.environ, **changes}, *arguments)
        assert expect is None or result.exit_code == expect, f"{arguments}: {result.exit_code}\n{result.output}"
        return result

    def json(self, *arguments: str, expect: int | None = 0) -> Any:  # Any: whatever the command prints
        return json.loads(self.run(*arguments, "--json", expect=expect).stdout)

    def post(self, messages: Sequence[Outgoing]) -> list[Place]:
        return self.posting.post(messages)

    def stock_change(self, sku: str, location: str, sequence: int, **changes: object) -> bytes:
        """A count of 12.5 at this moment, as a WMS writes it; `changes` are its other fields."""
        now = SystemClock().micros()
        record = {
            "event_id": f"{sku}-{sequence}",
            "source_system": "wms",
            "source_sequence": sequence,
            "sku": sku,
            "location_code": location,
            "kind": "ABSOLUTE",
            "bucket": "ON_HAND",
            "quantity": 12_500_000,
            "reason": "CYCLE_COUNT",
            "effective_at": now,
            "recorded_at": now,
            **changes,
        }
        schema_id = self._registry.id_of(STOCK_CHANGE.subject, STOCK_CHANGE.schema_text)
        assert schema_id is not None
        return frame(schema_id, Writer(STOCK_CHANGE.schema).write(record))

    def say(self, topic: str, key: str, model: msgspec.Struct) -> Place:
        """A record as the application writes it."""
        (place,) = self.post([Outgoing(topic, key.encode(), self.wire.encode(topic, model))])
        return place

    def records(self, topic: str) -> list[LogRecord]:
        """All of them, in order of time."""
        with LogReader(self.settings.kafka, self.app_id) as reader:
            found = list(reader.read(self.brokers.spans(self.brokers.partitions(topic))))
        return sorted(found, key=lambda record: (record.timestamp, record.partition, record.offset))

    def models(self, contract: Contract[Model], key: str) -> list[Model]:
        """What was written for a key."""
        found = [
            self.wire.decode(contract, one.value) for one in self.records(contract.topic) if one.key == key.encode()
        ]
        return [one for one in found if isinstance(one, contract.model)]
