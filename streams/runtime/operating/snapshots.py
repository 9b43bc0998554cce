"""The newest snapshot of a SKU as it lies in `inventory.desired.v1`: for rows that the shop had refused.

The same snapshot again revives such a row (`streams.domain.lane_rows`); the lane refuses one that is older than what
it knows, so sending it is harmless.  What must not happen is that an older copy ends up behind a newer snapshot, where
compaction would take the newer one: whoever sends, calls `overtaken` afterwards and sends what it names.
"""

from collections.abc import Iterable, Mapping

from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.topics import DESIRED


class Snapshots:
    """Follows the topic from its beginning; keeps the newest record of the SKUs that are asked for."""

    def __init__(self, brokers: Brokers, reader: LogReader, skus: Iterable[bytes]) -> None:
        self._brokers, self._reader = brokers, reader
        self._wanted = frozenset(skus)
        self._newest: dict[bytes, LogRecord] = {}
        self._reached: dict[Partition, int] = {}

    def refresh(self) -> Mapping[bytes, LogRecord]:
        """The newest of each, up to now."""
        for record in self._more():
            self._newest[record.key or b""] = record
        return self._newest

    def overtaken(self, sent: Mapping[bytes, int]) -> dict[bytes, LogRecord]:
        """Snapshots that came between the last look and our copy (SKU → its offset): to be sent again."""
        between: dict[bytes, LogRecord] = {}
        for record in self._more():
            key = record.key or b""
            ours = record.offset == sent.get(key)
            if not ours and record.offset < sent.get(key, 0):
                between[key] = record
            elif not ours:
                between.pop(key, None)  # a newer one stands behind our copy
            self._newest[key] = record
        return between

    def _more(self) -> list[LogRecord]:
        spans = self._brokers.spans(self._brokers.partitions(DESIRED.name))
        new = {one: Span(self._reached.get(one, span.first), span.end) for one, span in spans.items()}
        found = [record for record in self._reader.read(new) if record.key in self._wanted]
        self._reached = {one: span.end for one, span in spans.items()}
        return found
