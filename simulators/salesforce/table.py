"""Records of an object by id, and by the fields that queries find them by: an org of many orders answers as soon."""

from collections.abc import Iterable, Iterator, MutableMapping

from simulators.core.wire import JsonValue
from simulators.salesforce.objects import EXTERNAL_ID

Record = dict[str, JsonValue]
FOUND_BY = (EXTERNAL_ID, "OrderId")


class Table(MutableMapping[str, Record]):
    """Records are replaced whole, never changed where they are."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._ids: dict[tuple[str, str | None], set[str]] = {}

    def near(self, field: str, values: Iterable[object]) -> list[str]:
        """Ids, as they were given, of all records that have one of the values there, and perhaps of some more.

        Upper and lower case are alike; what is no text is all one.  Of FOUND_BY only.
        """
        return sorted(id_ for value in set(map(_folded, values)) for id_ in self._ids.get((field, value), ()))

    def __setitem__(self, id_: str, record: Record) -> None:
        before = self._records.get(id_)
        self._records[id_] = record
        for field in FOUND_BY:
            if before is not None and before.get(field) != record.get(field):
                self._forget(field, before, id_)
            self._ids.setdefault((field, _folded(record.get(field))), set()).add(id_)

    def __delitem__(self, id_: str) -> None:
        record = self._records.pop(id_)
        for field in FOUND_BY:
            self._forget(field, record, id_)

    def _forget(self, field: str, record: Record, id_: str) -> None:
        self._ids[field, _folded(record.get(field))].discard(id_)

    def __getitem__(self, id_: str) -> Record:
        return self._records[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def _folded(value: object) -> str | None:
    return value.casefold() if isinstance(value, str) else None
