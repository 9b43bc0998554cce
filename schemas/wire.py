"""Numbers as Avro writes them: zigzag, seven bits a byte, lowest first.

Canonical only: a number with more bytes than it needs, or of more than 64 bits, is refused; no Avro encoder writes one,
and reading it leniently would let two byte strings mean one record.
"""

from typing import NoReturn

from schemas.errors import DecodeError, EncodeError

LONGEST = 10
INT_BITS = 32
LONG_BITS = 64


def refuse(why: str) -> NoReturn:
    """Raise DecodeError `undecodable`."""
    raise DecodeError("undecodable", why)


def unfinished(position: int, end: int) -> DecodeError:
    """The error for a record that does not end where its bytes do."""
    if position > end:
        return DecodeError("undecodable", "the bytes end inside the record")
    return DecodeError("bytes-left-over", f"{end - position} of {end} bytes are left after the record")


def read_zigzag(value: bytes, at: int) -> tuple[int, int]:
    """The zigzag number at a position, and the position after it.  IndexError where the bytes end inside it.

    Written out for the lengths that counters and offsets have; it is called once per number by generated decoders.
    """
    first = value[at]
    if first < 128:
        return first, at + 1
    second = value[at + 1]
    if 0 < second < 128:
        return first + (second << 7) - 128, at + 2
    third = value[at + 2]
    if second > 127 and 0 < third < 128:
        return first + (second << 7) + (third << 14) - 16512, at + 3
    fourth = value[at + 3]
    if second > 127 and third > 127 and 0 < fourth < 128:
        return first + (second << 7) + (third << 14) + (fourth << 21) - 2113664, at + 4
    return _read_long_zigzag(value, at)


def _read_long_zigzag(value: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(LONGEST):
        byte = value[at + place]
        number |= (byte & 127) << 7 * place
        if byte < 128:
            if number >> LONG_BITS or (not byte and place):
                refuse("a number with more bits or bytes than it may have")
            return number, at + place + 1
    refuse("a number of more than 64 bits")


def read_int_zigzag(value: bytes, at: int) -> tuple[int, int]:
    """The zigzag number of an int: 32 bits."""
    number, at = read_zigzag(value, at)
    if number >> INT_BITS:
        refuse("an int of more than 32 bits")
    return number, at


def read_length(value: bytes, at: int) -> tuple[int, int]:
    """Number of bytes that follow; one that is longer than all bytes is refused, so that positions stay small."""
    number, at = read_zigzag(value, at)
    if number & 1:
        refuse("a negative length")
    if number >> 1 > len(value):
        refuse("the bytes end inside the record")
    return number >> 1, at


def read_count(value: bytes, at: int) -> tuple[int, int, int]:
    """Items of one block, position after the number, and where the block says that it ends (-1 where it does not say).

    An item takes at least one byte (guards.check_writer), so more items than bytes are refused before a loop begins.
    """
    number, at = read_zigzag(value, at)
    count, ends = (number + 1) >> 1, -1
    if number & 1:
        size, at = read_length(value, at)
        ends = at + size
    if count > len(value) - at:
        refuse("a block of more items than bytes")
    return count, at, ends


def write_long(number: int, bits: int = LONG_BITS) -> bytes:
    """Raises EncodeError where the number does not fit."""
    zigzag = (number << 1) ^ (number >> (bits - 1))
    if not 0 <= zigzag < 1 << bits:
        raise EncodeError(f"{number} does not fit into {bits} bits")
    return write_zigzag(zigzag)


def write_zigzag(zigzag: int) -> bytes:
    """Seven bits a byte, lowest first."""
    written = bytearray()
    while zigzag > 127:
        written.append(zigzag & 127 | 128)
        zigzag >>= 7
    written.append(zigzag)
    return bytes(written)
