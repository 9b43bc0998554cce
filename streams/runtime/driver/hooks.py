"""What the driver asks of, and tells, the rest of the runtime."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from faust.types import TP

from streams.runtime.clock import Clock


class Hooks(Protocol):
    """Implemented once, by `streams.runtime.shell`."""

    clock: Clock
    drain_timeout: timedelta

    async def assigned(self, tps: frozenset[TP], generation: int) -> None:
        """This worker now acts for `generation`; recovery of the tables follows."""
        ...

    async def starts(self, committed: Mapping[TP, int | None], earliest: Mapping[TP, int]) -> Mapping[TP, int]:
        """Where each source partition starts after an assignment; a partition left out stays where it was sought.

        Partitions with a gap are paused by the callee and start at the log's beginning once a person accepts it.
        """
        ...

    def delivering(self, tp: TP, first: int, expected: int | None) -> None:
        """A record or batch beginning at `first` is about to be handed over; `expected` is one past the last."""
        ...

    def changelog_gap(self, tp: TP, needed: int, earliest: int) -> None:
        """A changelog lost records that the table needs; raises unless a person accepted it."""
        ...

    def recovering(self, tp: TP, done: int, end: int) -> None:
        """Progress of a table's rebuild, in changelog offsets."""
        ...

    async def quiesce(self, revoked: frozenset[TP]) -> None:
        """Finish or drop what was started, within a bound: the partitions are about to go."""
        ...

    def revoked(self, _tps: frozenset[TP]) -> None:
        """The partitions are gone."""
        ...

    def stopped(self, left: Mapping[TP, tuple[int, float]]) -> None:
        """The consumer stopped; `left` are the records that will come again."""
        ...

    def committed(self, offsets: Mapping[TP, int]) -> None:
        """The broker has these offsets."""
        ...

    def polled(self) -> None:
        """A fetch returned, with or without records."""
        ...
