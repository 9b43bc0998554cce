"""The header that every stored value starts with: format number and version, so that two values can be compared.

Layout: format (1 byte) · epoch (4 bytes, seconds since 1970) · counter (8 bytes) · payload.  Big-endian, so that the
twelve version bytes compare as the version does.  Recovery keeps the highest version of a key, not its last record.
"""

import struct

from streams.domain.version import Version

FORMAT = 1
_HEADER = struct.Struct(">BIQ")
HEADER_SIZE = _HEADER.size
VERSION_BYTES = slice(1, HEADER_SIZE)


class UnknownFormatError(ValueError):
    """The value was written by a later release: this one must not guess."""


def pack(version: Version, payload: bytes) -> bytes:
    return _HEADER.pack(FORMAT, version.epoch, version.counter) + payload


def unpack(stored: bytes) -> tuple[Version, bytes]:
    """Version and payload; UnknownFormatError for a format this release does not know, and for a stump."""
    if len(stored) < HEADER_SIZE:
        raise UnknownFormatError(f"a stored value of {len(stored)} bytes has no header: the table is not one of ours")
    made, epoch, counter = _HEADER.unpack_from(stored)
    if made != FORMAT:
        raise UnknownFormatError(f"stored format {made}; this release reads {FORMAT}. Start the newer release again.")
    return Version(epoch, counter), stored[HEADER_SIZE:]


def payload_of(stored: bytes) -> bytes:
    """As `unpack`, for those who do not ask for the version."""
    if len(stored) < HEADER_SIZE or stored[0] != FORMAT:
        return unpack(stored)[1]  # which says what is wrong
    return stored[HEADER_SIZE:]


def version_bytes(version: Version) -> bytes:
    """As it stands in a value, for the header of a deletion (which has no value)."""
    return _HEADER.pack(FORMAT, version.epoch, version.counter)[VERSION_BYTES]
