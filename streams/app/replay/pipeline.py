"""One set of settings from records to rows: ledger, lane and notes over one partition."""

from collections.abc import Sequence
from pathlib import Path

from streams.app.replay.noted import Noted
from streams.app.replay.offline import ReadAgain
from streams.app.replay.offline_flow import MessageCodec, OfflineFlow
from streams.app.replay.offline_lane import OfflineLane
from streams.app.replay.recording_target import RecordingStockTarget
from streams.runtime.serde import Serde
from streams.runtime.writer import Record
from streams.settings import InventorySettings
from streams.topics import ALERT, DEAD_LETTER, DESIRED, RECOUNT


class Pipeline:
    """What it would send goes to `noted`, which outlives the partition."""

    def __init__(
        self, folder: Path, partition: int, inventory: InventorySettings, *, serde: Serde, noted: Noted
    ) -> None:
        self._noted, self._codec = noted, MessageCodec()
        self._desired: list[Record] = []
        self._flow = OfflineFlow(folder, partition, inventory, serde=serde, codec=self._codec, heard=self)
        port = RecordingStockTarget(noted.rows)
        self._lane = OfflineLane(
            folder, inventory, port, writer=self._flow.writer, clock=self._flow.clock, encode=self._codec.encode
        )

    def heard(self, topic: str, records: Sequence[Record]) -> None:
        """What a worker would have written; outcomes only repeat what the rows say."""
        if topic == DESIRED.name:
            self._desired += records
        elif topic == DEAD_LETTER.name:
            for record in records:
                self._noted.letter(record)
        elif topic == ALERT.name:
            for record in records:
                self._noted.alert(self._codec.decode(topic, record.value or b""))
        elif topic == RECOUNT.name:
            for record in records:
                self._noted.recount(self._codec.decode(topic, record.value or b""))

    async def take(self, records: Sequence[ReadAgain]) -> None:
        """A batch of one topic; first leaves what was due before it.  Raises IntakeWouldPauseError."""
        await self._lane.write_until(records[0].timestamp * 1000)
        await self._flow.take(records)
        snapshots = [self._codec.decode(DESIRED.name, record.value or b"") for record in self._desired]
        self._desired.clear()
        await self._lane.fold(snapshots)

    async def catch_up(self) -> None:
        """The shop shows all that was decided so far."""
        await self._lane.catch_up()

    async def end(self) -> None:
        """All that is still waiting leaves."""
        await self._lane.write_until(None)

    def close(self) -> None:
        self._flow.close()
        self._lane.close()
