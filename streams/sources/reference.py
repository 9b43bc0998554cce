"""The pollers `erp-products`, `erp-prices` and `crm-accounts`: rows that orders are checked against, on their topics.

A round asks for what changed.  Now and then, and the first time, all rows are read: what the source no longer has is
then taken from the topic by a null value.  Such a reading is not taken up where it was left by another process: it
begins anew, and finds on the topic what was written already.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import msgspec

from connectors.core.reference_ports import ReferencePage
from schemas.catalogue import ACCOUNT, PRICE, PRODUCT
from schemas.errors import EncodeError
from schemas.models.reference import Account, Product, ProductPrices
from schemas.models.source_cursor import SourceCursor
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import POLL_WITHHELD
from streams.runtime.operating.posting import Outgoing
from streams.sources.known_rows import DIGEST, KnownRows
from streams.sources.order_record import FROM_POLL, Encode, Headers, TooLargeError, headers_of, sized
from streams.sources.poller import Found, Reading, UnreadableCursorError
from streams.sources.target_calls import TargetCalls

RowT = TypeVar("RowT", Product, ProductPrices, Account)
PRODUCTS, PRICES, ACCOUNTS = "erp-products", "erp-prices", "crm-accounts"
AT_ONCE = 1_000
"""Rows that one page takes away."""
ALWAYS = 10
"""So few rows may go, whatever their share."""
_LOG = logger("streams.poll")


class Kind(NamedTuple):
    """A poller's topic, the field that is its key, and the record's name."""

    poller: str
    topic: str
    key_field: str
    record: str


KINDS = {
    PRODUCTS: Kind(PRODUCTS, PRODUCT.topic, PRODUCT.key_field, PRODUCT.record),
    PRICES: Kind(PRICES, PRICE.topic, PRICE.key_field, PRICE.record),
    ACCOUNTS: Kind(ACCOUNTS, ACCOUNT.topic, ACCOUNT.key_field, ACCOUNT.record),
}


class Bounds(NamedTuple):
    """µs from the beginning of one reading of all rows to the next; the share of the rows that one may take away."""

    reread: int
    remove_at_most: float


class Memory(msgspec.Struct, frozen=True):
    """When the last reading of all rows that came to its end had begun (µs), 0: none did; `step` counts pages.

    `withheld`: rows that this reading missed and left on the topic.  They stay there after a restart: so does this.
    """

    whole_at: int = 0
    step: int = 0
    withheld: int = 0


class _Pending(NamedTuple):
    """What becomes so once its page is acknowledged."""

    step: int
    position: str
    keys: frozenset[str]
    is_over: bool


class _Told(NamedTuple):
    """What a page brought: records to be appended, and the keys of all its rows."""

    found: tuple[Found, ...]
    keys: frozenset[str]


class _Missing(NamedTuple):
    """Keys to be taken away, and how many are missing and stay."""

    gone: list[str]
    withheld: int


@dataclass
class _Whole:
    """A reading of all rows that is under way: since when, where it is, and what was seen."""

    began: int
    position: str = ""
    seen: set[str] = field(default_factory=set)


class ReferencePoller(Generic[RowT]):
    """One list of one source.  `rows` must hear what was appended."""

    def __init__(
        self,
        kind: Kind,
        page: Callable[[str], Awaitable[ReferencePage[RowT]]],
        calls: TargetCalls,
        encode: Encode,
        clock: Clock,
        *,
        rows: KnownRows,
        bounds: Bounds,
    ) -> None:
        self.name, self.rows = kind.poller, rows
        self._kind, self._calls, self._bounds = kind, calls, bounds
        self._page: Callable[[str], Awaitable[ReferencePage[RowT]]] = page
        self._encode, self._clock = encode, clock
        self._whole: _Whole | None = None
        self._pending: _Pending | None = None

    def check(self, cursor: SourceCursor) -> None:
        """Raises UnreadableCursorError."""
        try:
            _memory(cursor)
        except msgspec.MsgspecError as error:
            raise UnreadableCursorError(f"the cursor of {self.name!r} cannot be read: {error}") from None

    async def read(self, cursor: SourceCursor | None) -> Reading:
        """Raises ConnectorError, TopicUnreadableError."""
        memory, now = _memory(cursor), self._clock.micros()
        self._settle(memory)
        POLL_WITHHELD.labels(self.name).set(memory.withheld)
        if self._whole is None and now >= memory.whole_at + self._bounds.reread:
            await self.rows.refresh()
            self._whole = _Whole(now)
        position = self._whole.position if self._whole else cursor.position if cursor else ""
        page = await self._calls.made(lambda: self._page(position))
        told = self._changed(page.rows)
        if self._whole is not None:
            return self._of_whole(self._whole, memory, page.cursor, told, is_end=page.is_end)
        newest = 0 if page.is_end else max((row.changed_at for row in page.rows), default=0)
        behind = self._cursor(page.cursor, memory)
        return Reading(told.found, behind, page.is_end, is_news=page.cursor != position, read_up_to=newest)

    # ── all rows ─────────────────────────────────────────────────────────────────────────────────

    def _settle(self, memory: Memory) -> None:
        """What the last page brought counts once its cursor came back: its records are acknowledged then."""
        pending, self._pending = self._pending, None
        if pending is None or self._whole is None or pending.step != memory.step:
            return
        self._whole.position = pending.position
        self._whole.seen |= pending.keys
        if pending.is_over:
            self._whole = None

    def _of_whole(self, whole: _Whole, memory: Memory, behind: str, told: _Told, *, is_end: bool) -> Reading:
        missing: _Missing = self._missing(whole, told.keys) if is_end else _Missing([], memory.withheld)
        gone: list[str] = missing.gone
        is_over = is_end and len(gone) <= AT_ONCE
        self._pending = _Pending(memory.step + 1, behind, told.keys, is_over)
        POLL_WITHHELD.labels(self.name).set(missing.withheld)
        now_known = Memory(whole.began if is_over else memory.whole_at, memory.step + 1, missing.withheld)
        found = (*told.found, *(self._removed(key, whole.began) for key in gone[:AT_ONCE]))
        return Reading(found, self._cursor(behind, now_known), is_end=is_over, is_news=is_over, is_of_all=True)

    def _missing(self, whole: _Whole, keys: frozenset[str]) -> _Missing:
        """None is taken away where so many are missing that a right may be missing instead."""
        known = self.rows.keys
        gone = sorted(known - whole.seen - keys)
        is_too_much = len(gone) > max(ALWAYS, self._bounds.remove_at_most * len(known))
        is_empty = not whole.seen and not keys
        if gone and (is_too_much or is_empty):
            _LOG.error("rows-withheld", poller=self.name, missing=len(gone), known=len(known))
            return _Missing([], len(gone))
        return _Missing(gone, 0)

    # ── rows as records ──────────────────────────────────────────────────────────────────────────

    def _changed(self, rows: Sequence[RowT]) -> _Told:
        made = {self._key(row): self._record(row) for row in rows}
        found = tuple(one for one in made.values() if one is not None)
        return _Told(found, frozenset(made))

    def _key(self, row: RowT) -> str:
        key: str = getattr(row, self._kind.key_field)
        return key

    def _record(self, row: RowT) -> Found | None:
        """None where the topic says so already, and for a row that no record can carry: it is read so each time."""
        key = self._key(row)
        try:
            said = self._encode(self._kind.topic, msgspec.structs.replace(row, changed_at=0))
            value = sized(self._encode(self._kind.topic, row))
        except (EncodeError, TooLargeError) as error:
            _LOG.error("row-unusable", poller=self.name, key=key, why=str(error))
            return None
        digest = hashlib.blake2b(said, digest_size=8).hexdigest()
        return None if self.rows.says(key, digest) else self._found(key, value, f"{key}/{digest}", row.changed_at)

    def _removed(self, key: str, at: int) -> Found:
        return self._found(key, None, f"{key}/gone/{at}", at)

    def _found(self, key: str, value: bytes | None, event_id: str, at: int) -> Found:
        headers: Headers = headers_of(event_id, f"{FROM_POLL}{self.name}", self._kind.record, at, key)
        if value is not None:
            headers = (*headers, (DIGEST, event_id.rpartition("/")[2].encode()))
        return Found(Outgoing(self._kind.topic, key.encode(), value, headers), key, event_id)

    def _cursor(self, position: str, memory: Memory) -> SourceCursor:
        told = msgspec.json.encode(memory).decode()
        return SourceCursor(name=self.name, position=position, memory=told, at=self._clock.micros())


def _memory(cursor: SourceCursor | None) -> Memory:
    """Raises msgspec.MsgspecError."""
    return msgspec.json.decode(cursor.memory, type=Memory) if cursor is not None else Memory()
