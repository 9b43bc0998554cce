"""Keys of the table `stock-ledger`.  They are stored state."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from streams.domain.movements import Movement

ENTRY, MOVEMENT, INDEX, HOLD = b"e", b"t", b"\x00i", b"h"
RESERVATION, DUE, PROMISE = b"r", b"d", b"p"
LOCATIONS = b"mlocations"
_SIGN = 1 << 63


class MovementKey(NamedTuple):
    """What a movement's key says."""

    prefix: bytes
    """Everything up to the time: the scope of a SKU."""
    at: int
    identity: bytes


def entry(sku: str) -> bytes:
    return ENTRY + sku.encode()


@lru_cache(maxsize=65_536)
def scope(sku: str, number: int) -> bytes:
    """Prefix of the movements of one scope; they follow in order of time."""
    name = sku.encode()
    return MOVEMENT + len(name).to_bytes(2, "big") + name + number.to_bytes(2, "big")


def at_time(prefix: bytes, at: int) -> bytes:
    """Where the movements of this very time begin."""
    return prefix + (at + _SIGN).to_bytes(8, "big")


def movement(sku: str, number: int, one: Movement) -> bytes:
    return at_time(scope(sku, number), one.at) + one.identity


def parse_movement(key: bytes) -> MovementKey:
    length = _prefix_length(key)
    return MovementKey(key[:length], *moment(key, length))


def moment(key: bytes, length: int) -> tuple[int, bytes]:
    """Time and identity of a movement's key whose prefix is so long."""
    return int.from_bytes(key[length : length + 8], "big") - _SIGN, key[length + 8 :]


def _prefix_length(key: bytes) -> int:
    return 1 + 2 + int.from_bytes(key[1:3], "big") + 2


def index(prefix: bytes, identity: bytes) -> bytes:
    """Local index: is a record with this identity remembered?"""
    return INDEX + prefix + identity


def derive_index(key: bytes) -> tuple[bytes, bytes] | None:
    """The index entry of a stored key; only movements have one."""
    if key[:1] != MOVEMENT:
        return None
    length = 1 + 2 + (key[1] << 8 | key[2]) + 2  # as `_prefix_length`: this runs for every write
    return INDEX + key[:length] + key[length + 8 :], b""


def hold(sku: str, hold_id: str) -> bytes:
    return holds(sku) + hashlib.blake2b(hold_id.encode(), digest_size=16).digest()


def holds(sku: str) -> bytes:
    """Prefix of the holds of a SKU."""
    name = sku.encode()
    return HOLD + len(name).to_bytes(2, "big") + name


def sku_of_hold(key: bytes) -> str:
    return key[3 : 3 + int.from_bytes(key[1:3], "big")].decode()


def reservation(sku: str, reservation_id: str) -> bytes:
    return reservations(sku) + hashlib.blake2b(reservation_id.encode(), digest_size=16).digest()


def reservations(sku: str) -> bytes:
    """Prefix of the reservations of a SKU."""
    name = sku.encode()
    return RESERVATION + len(name).to_bytes(2, "big") + name


def promises(sku: str, order_id: str) -> bytes:
    """Prefix of the confirmed reservations that wait for the goods of an order."""
    name = sku.encode()
    order = hashlib.blake2b(order_id.encode(), digest_size=16).digest()
    return PROMISE + len(name).to_bytes(2, "big") + name + order


def promise(sku: str, order_id: str, reservation_key: bytes) -> bytes:
    return promises(sku, order_id) + reservation_key


def due(at: int, reservation_key: bytes) -> bytes:
    """In order of time; the rest says whose time it is."""
    return DUE + at.to_bytes(8, "big") + reservation_key


def due_of(key: bytes) -> tuple[int, bytes]:
    """Time, and the key of the reservation."""
    return int.from_bytes(key[1:9], "big"), key[9:]
