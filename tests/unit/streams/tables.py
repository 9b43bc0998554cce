"""A table of the worker over a real store in a directory, as it is once recovery is complete."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import faust
from faust.types import TP

from streams.runtime.partition_store import Derive, no_index
from streams.runtime.store_errors import StoreCorruptError
from streams.runtime.table import BulkTable
from streams.runtime.writer import Writer


class _NoEvents:
    def damaged(self, table: str, error: StoreCorruptError) -> None:
        raise error

    async def opened(self, table: str, partitions: frozenset[int]) -> None: ...

    def closed(self, table: str, partitions: frozenset[int]) -> None: ...

    def changelog_ids(self) -> Mapping[str, str]:
        return {}


def open_table(
    folder: Path, writer: Writer, *, name: str = "t", derive: Derive = no_index, partitions: Sequence[int] = (0,)
) -> BulkTable:
    app = faust.App("tables", broker="kafka://127.0.0.1:1", store="memory://", datadir=folder)
    table = BulkTable.declare(app, writer, name=name, partitions=8, events=_NoEvents(), derive=derive)
    for partition in partitions:
        table._store.persisted_offset(TP(table.changelog, partition))
    return table


def close_table(table: BulkTable) -> None:
    """As at the end of the process: everything that was kept in memory is gone."""
    table._store.reset_state()
