"""The same records through today's and through changed settings; what would have been sent, compared.

Partition by partition: keys never leave theirs, so memory and disk are bounded by one partition and by what was sent.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.app.replay.batches import Batch, Bounds, batches, merged
from streams.app.replay.noted import Noted
from streams.app.replay.pipeline import Pipeline
from streams.domain.differences import Difference, DifferenceGroup, grouped
from streams.domain.side_by_side import side_by_side
from streams.domain.what_if import LETTER, ROW, TOLD, difference_of
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Range
from streams.runtime.serde import Serde
from streams.settings import InventorySettings

Read = Callable[[Mapping[Partition, Span]], Iterable[LogRecord]]
Done = Callable[[int, int], None]


class Sent(NamedTuple):
    """What one side would have sent."""

    rows: int
    writes: int
    letters: int
    words: int


class WhatIf(NamedTuple):
    """`folded_first` are the records before the range that the state at its start is made of."""

    folded_first: int
    records: int
    before: Sent
    after: Sent
    groups: tuple[DifferenceGroup, ...]


class Comparison:
    """Both sides over one range, in a directory that the caller takes away."""

    def __init__(self, folder: Path, before: InventorySettings, after: InventorySettings, serde: Serde) -> None:
        self._folder, self._settings, self._serde = folder, (before, after), serde
        self._noted = [Noted(folder / name) for name in ("before", "after")]
        self._folded_first = self._records = self._done = 0

    def close(self) -> None:
        for noted in self._noted:
            noted.close()

    async def run(self, wanted: Range, others: Mapping[Partition, Span], read: Read, done: Done) -> None:
        """`others` are the logs of the other inputs, whole.  Raises IntakeWouldPauseError."""
        total = _to_read(wanted, others)
        for part in sorted(wanted.wanted):
            bounds = Bounds(wanted.topic, wanted.log[part], wanted.wanted[part], wanted.from_ms, wanted.to_ms)
            beside = {one: span for one, span in others.items() if one.number == part.number and span.records}
            if not bounds.wanted.records and not beside:
                continue
            inputs = [read({part: _read_to(bounds)}), *(read({one: span}) for one, span in beside.items())]
            await self._partition(part.number, batches(merged(inputs), bounds), lambda: done(self._done, total))

    async def _partition(self, number: int, found: Iterator[Batch], told: Callable[[], None]) -> None:
        folder = self._folder / f"partition-{number}"
        sides = [
            Pipeline(folder / side, number, settings, serde=self._serde, noted=noted)
            for side, settings, noted in zip(("before", "after"), self._settings, self._noted, strict=True)
        ]
        for noted in self._noted:
            noted.is_on = False
        try:
            for batch in found:
                await self._begin(sides, batch)
                for side in sides:
                    await side.take(batch.records)
                self._done += len(batch.records)
                told()
            for side in sides:
                await side.end()
        finally:
            for side in sides:
                side.close()
        shutil.rmtree(folder)

    async def _begin(self, sides: Sequence[Pipeline], batch: Batch) -> None:
        """Counts the batch; with the first one of the range the notes begin."""
        if not batch.is_wanted:
            self._folded_first += len(batch.records)
            return
        self._records += len(batch.records)
        for side, noted in zip(sides, self._noted, strict=True):
            if not noted.is_on:
                await side.catch_up()
                noted.is_on = True

    # ── what it comes to ─────────────────────────────────────────────────────────────────────────

    def result(self, examples: int) -> WhatIf:
        before, after = (self._sent(noted) for noted in self._noted)
        groups = grouped(self._differences(), examples)
        return WhatIf(self._folded_first, self._records, before, after, groups)

    def _differences(self) -> Iterator[Difference]:
        for prefix in (ROW, LETTER, TOLD):
            for one in side_by_side(*(noted.store.scan(prefix) for noted in self._noted)):
                found = difference_of(*one)
                if found is not None:
                    yield found

    @staticmethod
    def _sent(noted: Noted) -> Sent:
        return Sent(sum(1 for _ in noted.store.scan(ROW)), noted.rows_written, noted.letters, noted.words)


def _read_to(bounds: Bounds) -> Span:
    """One record more than the range holds: it says that the range is over, for the other inputs, too."""
    end = bounds.log.end if bounds.to_ms is not None else min(bounds.log.end, bounds.wanted.end + 1)
    return Span(bounds.log.first, end)


def _to_read(wanted: Range, others: Mapping[Partition, Span]) -> int:
    numbers = {part.number for part in wanted.wanted}
    own = sum(wanted.wanted[part].end - wanted.log[part].first for part in wanted.wanted)
    return own + sum(span.records for part, span in others.items() if part.number in numbers)
