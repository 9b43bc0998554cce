"""The movements of one SKU: what the store remembers, with what this batch adds and forgets on top."""

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from streams.domain.movements import Movement, MovementList
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import Write
from streams.runtime.versioned import pack, payload_of

_EFFECT = msgspec.msgpack.Encoder()
_DECODE_EFFECT = msgspec.msgpack.Decoder(int).decode
LATEST = 2**62


class StoredMovements:
    """One scope.  `known` are the identities that were looked up for this batch."""

    def __init__(self, store: PartitionStore, sku: str, number: int, known: frozenset[bytes]) -> None:
        self._store, self._sku, self._number = store, sku, number
        self._prefix = stock_keys.scope(sku, number)
        self._known = known
        self._added = MovementList()
        self._forgotten: dict[bytes, Movement] = {}

    def has(self, identity: bytes) -> bool:
        if self._added.has(identity):
            return True
        return identity in self._known and identity not in self._forgotten

    def sum_after(self, at: int) -> int:
        return sum(movement.effect for movement in self._stored(at + 1)) + self._added.sum_after(at)

    def up_to(self, at: int, since: int | None = None) -> Sequence[Movement]:
        stored = list(itertools.takewhile(lambda movement: movement.at <= at, self._stored(since)))
        added = self._added.up_to(at)
        return sorted((*stored, *added)) if added else stored

    def oldest(self, count: int, since: int | None = None) -> Sequence[Movement]:
        stored: list[Movement] = []
        for movement in self._stored(since):
            if len(stored) >= count and movement.at > stored[-1].at:
                break
            stored.append(movement)
        newest = stored[-1].at if len(stored) >= count else LATEST
        every = sorted((*stored, *self._added.up_to(newest)))
        last = every[count - 1].at
        return [movement for movement in every if movement.at <= last]

    def first_after(self, at: int) -> int | None:
        stored = next((movement.at for movement in self._stored(at + 1)), None)
        return min((one for one in (stored, self._added.first_after(at)) if one is not None), default=None)

    def _stored(self, start: int | None = None) -> Iterator[Movement]:
        """From this time on; where it is not given, the store walks over everything that was ever deleted."""
        begin = None if start is None else stock_keys.at_time(self._prefix, start)
        length, forgotten = len(self._prefix), self._forgotten
        for key, value in self._store.scan(self._prefix, begin):
            at, identity = stock_keys.moment(key, length)
            if identity not in forgotten:
                yield Movement(at, identity, _DECODE_EFFECT(payload_of(value)))

    def note(self, remember: Movement | None, forget: tuple[Movement, ...]) -> None:
        if forget:
            added = [movement for movement in forget if self._added.has(movement.identity)]
            self._added.forget(added)
            self._forgotten |= {movement.identity: movement for movement in forget if movement not in added}
        if remember is not None:
            self._added.add(remember)

    def writes(self, version: Version) -> Iterator[Write]:
        """What this batch forgot and added: in this order, for an identity can be forgotten and used again."""
        for movement in self._forgotten.values():
            yield Write(stock_keys.movement(self._sku, self._number, movement), None, version)
        prefix, head, encode = self._prefix, pack(version, b""), _EFFECT.encode
        for one in self._added.all:
            yield Write(stock_keys.at_time(prefix, one.at) + one.identity, head + encode(one.effect), version)


class StoredBook:
    """All scopes of one SKU (`streams.domain.stock_fold.MovementBook`)."""

    def __init__(self, store: PartitionStore, sku: str, known: dict[int, frozenset[bytes]]) -> None:
        self._store, self._sku, self._known = store, sku, known
        self._scopes: dict[int, StoredMovements] = {}

    def of(self, scope: int) -> StoredMovements:
        found = self._scopes.get(scope)
        if found is None:
            known = self._known.get(scope, frozenset())
            found = self._scopes[scope] = StoredMovements(self._store, self._sku, scope, known)
        return found

    def note(self, scope: int, remember: Movement | None, forget: tuple[Movement, ...]) -> None:
        self.of(scope).note(remember, forget)

    def writes(self, version: Version) -> Iterator[Write]:
        for scope in self._scopes.values():
            yield from scope.writes(version)
