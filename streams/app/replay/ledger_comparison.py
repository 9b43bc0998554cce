"""The keys of two stores of `stock-ledger`, walked side by side: what differs, in words."""

from collections.abc import Callable, Iterator

import msgspec

from streams.domain import stock_entry
from streams.domain.differences import Difference, Example
from streams.domain.ledger_differences import entry_differences
from streams.domain.quantities import to_decimal
from streams.domain.side_by_side import Both, side_by_side
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_hold import OpenHold
from streams.flows import stock_keys
from streams.runtime.partition_store import PartitionStore
from streams.runtime.versioned import unpack


def ledger_differences(live: PartitionStore, fresh: PartitionStore) -> Iterator[Difference]:
    """Counts, outboxes and local keys are no part of what a ledger says of the stock."""
    for prefix, told in _TOLD.items():
        for both in side_by_side(live.scan(prefix), fresh.scan(prefix)):
            before, after = _payload(both.before), _payload(both.after)
            if before != after:
                yield from told(Both(both.key, before, after))


def _payload(stored: bytes | None) -> bytes | None:
    return None if stored is None else unpack(stored)[1]


def _entry(both: Both) -> Iterator[Difference]:
    return entry_differences(both.key[1:].decode(), _decoded(both.before), _decoded(both.after))


def _decoded(payload: bytes | None) -> StockEntry | None:
    return None if payload is None else stock_entry.decode(payload)


def _movement(both: Both) -> Iterator[Difference]:
    prefix = stock_keys.parse_movement(both.key).prefix
    sku = prefix[3:-2].decode()
    example = Example(sku, f"bucket {int.from_bytes(prefix[-2:], 'big')}", _effect(both.before), _effect(both.after))
    yield Difference(_side("movement", both), "", example)


def _effect(payload: bytes | None) -> str | None:
    return None if payload is None else f"{to_decimal(msgspec.msgpack.decode(payload, type=int))}"


def _hold(both: Both) -> Iterator[Difference]:
    sku = stock_keys.sku_of_hold(both.key)
    old, new = _opened(both.before), _opened(both.after)
    if old is None and new is not None and not new.quantity:
        return  # the sweep forgets a lifted hold after a while; by the clock, which the log does not know
    place = next(one.source_code for one in (old, new) if one is not None)
    yield Difference(_side("hold", both), place, Example(sku, place, _held(old), _held(new)))


def _opened(payload: bytes | None) -> OpenHold | None:
    return None if payload is None else msgspec.msgpack.decode(payload, type=OpenHold)


def _held(hold: OpenHold | None) -> str | None:
    return None if hold is None else f"{hold.hold_id}: {to_decimal(hold.quantity)}"


def _locations(both: Both) -> Iterator[Difference]:
    old, new = (_users(payload) for payload in (both.before, both.after))
    for code in sorted(code for code in {*old, *new} if old.get(code) != new.get(code)):
        yield Difference("location-user", "", Example(code, "", old.get(code), new.get(code)))


def _users(payload: bytes | None) -> dict[str, str]:
    return {} if payload is None else msgspec.msgpack.decode(payload, type=dict[str, str])


def _side(what: str, both: Both) -> str:
    if both.before is None or both.after is None:
        return f"{what}-only-rebuilt" if both.before is None else f"{what}-only-live"
    return what


_TOLD: dict[bytes, Callable[[Both], Iterator[Difference]]] = {
    stock_keys.ENTRY: _entry,
    stock_keys.MOVEMENT: _movement,
    stock_keys.HOLD: _hold,
    stock_keys.LOCATIONS: _locations,
}
