"""Beginning a table from nothing: what is taken away, and where the group goes back to.

Nothing here touches the brokers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.runtime.operating.places import Partition, Span
from streams.settings import Settings
from streams.tables import TABLES, TableSpec, changelog


class Move(NamedTuple):
    """One partition: where the group stands, where it will, and what of the log that is."""

    partition: Partition
    committed: int | None
    to: int
    span: Span

    @property
    def again(self) -> int:
        """Records that will be read again, at most."""
        reached = self.span.end if self.committed is None else min(self.committed, self.span.end)
        return max(0, reached - self.to)

    @property
    def skipped(self) -> int:
        """Records that would never be read: a replay never goes forward."""
        return max(0, self.to - (self.span.first if self.committed is None else self.committed))


class WouldSkipError(ValueError):
    """The wanted offset lies behind what was read; the message names the partition."""


def moves_of(
    logs: Mapping[Partition, Span], committed: Mapping[Partition, int | None], wanted: Mapping[Partition, int]
) -> list[Move]:
    """Within the bounds of each log, never forward.  Raises WouldSkipError."""
    moves = []
    for partition, span in sorted(logs.items()):
        to = min(max(wanted[partition], span.first), span.end)
        move = Move(partition, committed.get(partition), to, span)
        if move.skipped:
            raise WouldSkipError(
                f"{partition}: offset {to} lies {move.skipped} records after what the group has read; "
                "a replay never skips records (lost ones are accepted with `commerce-streams gaps accept`)"
            )
        moves.append(move)
    return moves


class Rebuild(NamedTuple):
    """What is taken away so that a table begins from nothing."""

    table: TableSpec
    changelog: str
    folders: tuple[Path, ...]

    @property
    def topics(self) -> Sequence[str]:
        """Inputs that must be read again for the table to be whole."""
        return self.table.fed_by


def rebuild_of(name: str, settings: Settings) -> Rebuild:
    """Raises KeyError where there is no such table."""
    table = next((one for one in TABLES if one.name == name), None)
    if table is None:
        raise KeyError(name)
    return Rebuild(table, changelog(settings.app_id, table), tuple(state_folders(settings.data_dir, name)))


def state_folders(data_dir: Path, table: str) -> list[Path]:
    """The table's stores below this directory; Faust keeps them in `v<version>/tables`."""
    return sorted(data_dir.glob(f"v*/tables/{table}-*.rocksdb"))
