"""The stock flow over one partition, as a worker runs it, with what it writes handed to a listener."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from schemas import projection
from schemas.codec import frame
from schemas.errors import DecodeError
from streams.app.replay.offline import GENERATION, Heard, OfflineTable, OfflineWriter, ReadAgain, RecordClock
from streams.flows.stock import StockFlow
from streams.flows.stock_keys import derive_index
from streams.flows.stock_records import StockRecords
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.guard import Guard
from streams.runtime.serde import BY_TOPIC, Serde
from streams.settings import InventorySettings
from streams.settings.rules import stock_rules
from streams.tables import STOCK_LEDGER
from streams.topics import STOCK_INPUTS

_FRAME_ID = 1
"""Messages of this process are read by this process only: their schema is this release's, whatever its number."""


class IntakeWouldPauseError(Exception):
    """A rule failed so often that a worker would stop reading the topic; the message says which."""


class MessageCodec:
    """Messages as bytes and back, without a registry: both sides are this release."""

    def __init__(self) -> None:
        self._encoders: dict[str, Any] = {}  # Any: each topic's own model
        self._decoders: dict[str, Any] = {}  # Any: as above

    def encode(self, topic: str, model: msgspec.Struct) -> bytes:
        encoder = self._encoders.get(topic)
        if encoder is None:
            encoder = self._encoders[topic] = projection.encoder(BY_TOPIC[topic])
        return frame(_FRAME_ID, encoder(model))

    def decode(self, topic: str, value: bytes) -> Any:  # Any: the topic's own model
        decoder = self._decoders.get(topic)
        if decoder is None:
            contract = BY_TOPIC[topic]
            decoder = self._decoders[topic] = projection.decoder(contract, contract.schema_text)
        found = decoder.decode(value, len(frame(_FRAME_ID, b"")))
        assert not isinstance(found, DecodeError)
        return found


class OfflineFlow:
    """Begun from nothing; `clock` is that of the records."""

    def __init__(
        self,
        folder: Path,
        partition: int,
        inventory: InventorySettings,
        *,
        serde: Serde,
        codec: MessageCodec,
        heard: Heard,
    ) -> None:
        self.clock = RecordClock()
        self.partition = partition
        self.writer = OfflineWriter(heard)
        self.table = OfflineTable(STOCK_LEDGER.name, folder, self.writer, partition=partition, derive=derive_index)
        rules = stock_rules(inventory)
        guards = {topic.name: Guard(topic.name, _would_pause) for topic in STOCK_INPUTS}
        self.letters = DeadLetters(self.writer, "what-if", folder / "dead-letters")
        self._flow = StockFlow(
            self.table,
            self.writer,
            self.letters,
            records=StockRecords(serde, rules, guards, inventory.max_record_bytes),
            encode=codec.encode,
            rules=rules,
            clock=self.clock,
        )

    async def take(self, records: Sequence[ReadAgain]) -> None:
        """A batch of one topic, in log order.  Raises IntakeWouldPauseError."""
        self.clock.reach(records[-1].timestamp * 1000)
        await self._flow.take(records[0].topic, self.partition, records, GENERATION)

    def close(self) -> None:
        self.table.close()


def _would_pause(topic: str, why: str) -> None:
    raise IntakeWouldPauseError(f"{topic}: {why}: a worker would stop reading it")
