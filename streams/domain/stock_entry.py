"""Everything the ledger knows of one SKU, as one stored value."""

import msgspec

from streams.domain.scope import Scope

SCOPES_AT_MOST = 300
CAUSES_KEPT = 20
ENTRY_LIMIT = 64 << 10
"""Bytes of a stored entry, whatever the senders do."""

SCOPE_BYTES, SOURCE_BYTES, OTHER_BYTES = 140, 90, 400
"""What the parts of an entry take at most beside their names: nearly all of it are numbers of up to nine bytes."""


class SourceState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What Commerce should show at one source, and how many records that contains.

    `shown` is False until one location of the source has a base: until then its records are parked.
    `shipped` and `allocated` are the sums of the open holds (shipped but not posted; other channels).
    `since` is the broker's time (µs) of its first record.
    """

    code: str
    shown: bool = False
    quantity: int = 0
    in_stock: bool = False
    version: int = 0
    changes: int = 0
    holds: int = 0
    cause_input: int = 0
    cause_offset: int = -1
    level: int = 0
    shipped: int = 0
    allocated: int = 0
    since: int = 0


class StockEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Value of the table `stock-ledger` for one SKU (item number as the source writes it).

    `checkouts` is what the shop's own checkouts have reserved: it is not taken off what the shop shows.  `promised` is
    how many confirmed reservations wait for their goods to be taken.
    """

    counter: int = 0
    guards: tuple[tuple[int, int, int], ...] = ()
    scopes: tuple[Scope, ...] = ()
    sources: tuple[SourceState, ...] = ()
    next_scope: int = 0
    causes: tuple[int, ...] = ()
    checkouts: int = 0
    promised: int = 0

    def next_offset(self, source: int, incarnation: int) -> int:
        """First offset of an input that this entry has not seen; 0 for an input created anew."""
        for known, made, offset in self.guards:
            if known == source and made == incarnation:
                return offset
        return 0

    def seen_to(self, source: int, incarnation: int, offset: int) -> "StockEntry":
        """The entry once it has seen an input up to, not including, `offset`."""
        others = tuple(guard for guard in self.guards if guard[0] != source)
        return msgspec.structs.replace(self, guards=(*others, (source, incarnation, offset)))

    def scope(self, location: str, bucket: str) -> Scope | None:
        for scope in self.scopes:
            if scope.location == location and scope.bucket == bucket:
                return scope
        return None

    def source(self, code: str) -> SourceState:
        for state in self.sources:
            if state.code == code:
                return state
        return SourceState(code)


def has_room(entry: StockEntry, source_code: str, *more: Scope) -> bool:
    """Whether a source, and a bucket more, keep the entry within ENTRY_LIMIT, however large its numbers become."""
    scopes = (*entry.scopes, *more)
    codes = {source_code, *(state.code for state in entry.sources)}
    names = [name for one in scopes for name in (one.location, one.source_system, one.owner_code)]
    fixed = OTHER_BYTES + SCOPE_BYTES * len(scopes) + SOURCE_BYTES * len(codes)
    return len(scopes) <= SCOPES_AT_MOST and fixed + sum(len(name.encode()) for name in (*names, *codes)) <= ENTRY_LIMIT


class Cause(msgspec.Struct, frozen=True, gc=False):
    """The record that led to something: input number, offset, and the broker's time in microseconds."""

    source: int
    offset: int
    at: int


def encode(entry: StockEntry) -> bytes:
    """Stored form, without the header that the table puts before every value."""
    return _ENCODER.encode(entry)


def decode(stored: bytes) -> StockEntry:
    return _DECODER.decode(stored)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(StockEntry)
