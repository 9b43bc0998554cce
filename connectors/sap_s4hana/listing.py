"""Lists of changed documents, followed by their time of change."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from connectors.core.errors import TargetUnavailableError
from connectors.sap_s4hana import wire

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10
_MOST_OF_ONE_TIME = 20_000


class Row(Protocol):
    """A document with its number and the time of its last change."""

    @property
    def number(self) -> str: ...

    @property
    def last_change_date_time(self) -> str | None: ...


T = TypeVar("T", bound=Row)


class PageOf(Protocol[T]):
    """Documents changed at that time (ISO 8601, UTC) or later, oldest change first."""

    def __call__(self, since: str, /, *, skip: int) -> Awaitable[wire.Page[T]]: ...


@dataclass(frozen=True)
class Changes(Generic[T]):
    """Documents by number, when they changed, and the last one's number where there are more."""

    rows: Mapping[str, T] = field(default_factory=dict)
    last: str = ""

    def at(self) -> Mapping[str, int]:
        """Microseconds since 1970, by number."""
        return {number: changed_at(row) for number, row in self.rows.items()}


async def changes(page_of: PageOf[T], since: int) -> Changes[T]:
    """Ten pages, and more only until one goes behind `since`: who goes on from there must not come here again.

    A document that changes while the list is read moves to its end and pulls others over the border of two pages; so
    each page begins at the last time of the one before.

    Raises:
        TargetUnavailableError: a document without a time of change, or too many with the same.
    """
    found: dict[str, T] = {}
    begun, skip, pages = since, 0, 0
    while True:
        page = await page_of(_moment(since), skip=skip)
        found |= {one.number: one for one in page.results}
        if not page.results or skip + len(page.results) >= page.count:
            return Changes(found)
        pages += 1
        until = changed_at(page.results[-1])
        since, skip = (until, 0) if until > since else (since, skip + len(page.results))
        if pages >= _MOST_PAGES and until > begun:
            return Changes(found, page.results[-1].number)
        if skip >= _MOST_OF_ONE_TIME:
            raise TargetUnavailableError(f"more than {_MOST_OF_ONE_TIME} documents have one time of change")


def changed_at(row: Row) -> int:
    """Raises TargetUnavailableError for a document without a time of change."""
    try:
        return wire.from_date(row.last_change_date_time or "")
    except ValueError as exc:
        raise TargetUnavailableError("a changed document has no time of change") from exc


def _moment(micros: int) -> str:
    """Milliseconds, as V2 shows them; cut, so that nothing is passed over."""
    return (_EPOCH + timedelta(microseconds=micros - micros % 1000)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
