"""Who used a plain location code first: a second system with the same code would mix two places into one."""

from collections.abc import Sequence

import msgspec

from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Admitted, Refused
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.record_reader import Bad
from streams.flows.stock_records import Parsed
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import Write
from streams.runtime.versioned import pack, unpack


class LocationUsers:
    """Location code → first system, per partition and in log order: so a replay decides the same."""

    def __init__(self, store: PartitionStore, rules: StockRules) -> None:
        stored = store.get(stock_keys.LOCATIONS)
        self._known = {} if stored is None else msgspec.msgpack.decode(unpack(stored)[1], type=dict[str, str])
        self._rules = rules
        self._grew = False

    def told_apart(self, parsed: Sequence[Parsed]) -> tuple[list[Parsed], list[Bad]]:
        """The records whose location is one place, and those of a second system with the same plain code."""
        kept: list[Parsed] = []
        refused: list[Bad] = []
        for one in parsed:
            first = self._first_user(one)
            if first is None:
                kept.append(one)
            else:
                refused.append(Bad(one.record, Refused(DeadReason.AMBIGUOUS_LOCATION, first)))
        return kept, refused

    def _first_user(self, one: Parsed) -> str | None:
        """What is wrong with the record's location, if anything."""
        change = one.value
        if not isinstance(change, Admitted) or self._known.get(change.location) == change.source_system:
            return None  # nearly every record
        if not self._rules.is_plain(change.source_system, change.location):
            return None
        if self._rules.owner_of(change.location, change.bucket) is not None:
            return None  # the table of owners decides
        first = self._known.get(change.location)
        if first is None:
            self._known[change.location] = change.source_system
            self._grew = True
        if first in (None, change.source_system):
            return None
        return f"location {change.location!r} is used by {first!r} and {change.source_system!r}"

    def writes(self, version: Version) -> list[Write]:
        if not self._grew:
            return []
        return [Write(stock_keys.LOCATIONS, pack(version, msgspec.msgpack.encode(self._known)), version)]
