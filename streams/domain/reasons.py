"""The closed lists of why a record did not simply pass: each is a metric label, a header and a runbook heading."""

from enum import StrEnum


class DeadReason(StrEnum):
    """Why a record was set aside in the dead-letter topic; the value is what stands in `dl_reason`."""

    # the bytes
    NOT_FRAMED = "not-framed"
    UNKNOWN_SCHEMA = "unknown-schema"
    UNDECODABLE = "undecodable"
    BYTES_LEFT_OVER = "bytes-left-over"
    NOT_FINITE = "not-finite"
    TOO_LARGE = "too-large"
    ZERO_SIZE_ITEMS = "zero-size-items"
    WRONG_RECORD = "wrong-record"
    NULL_VALUE = "null-value"
    NULL_KEY = "null-key"
    WRONG_KEY = "wrong-key"
    # the content
    BAD_SKU = "bad-sku"
    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_BUCKET = "unknown-bucket"
    UNKNOWN_LOCATION = "unknown-location"
    AMBIGUOUS_LOCATION = "ambiguous-location"
    UNKNOWN_UNIT = "unknown-unit"
    UNIT_NOT_EXACT = "unit-not-exact"
    NEGATIVE_ABSOLUTE = "negative-absolute"
    QUANTITY_OUT_OF_RANGE = "quantity-out-of-range"
    NOT_OWNER = "not-owner"
    AMBIGUOUS_ALLOCATION = "ambiguous-allocation"
    EFFECTIVE_IN_FUTURE = "effective-in-future"
    TOO_MANY_LOCATIONS = "too-many-locations"
    NAME_TOO_LONG = "name-too-long"
    BAD_ORDER = "bad-order"
    UNKNOWN_ORDER = "unknown-order"
    # the target
    UNKNOWN_SOURCE = "unknown-source"
    REJECTED = "rejected-by-target"
    # us
    UNEXPECTED_ERROR = "unexpected-error"


class IgnoreReason(StrEnum):
    """Why an accepted record changes nothing: it is a repeat, or something newer already contains it."""

    DUPLICATE = "duplicate"
    CONTAINED = "contained"
    STALE = "stale"
    TOO_OLD = "too-old"
    OLD_VERSION = "old-version"


class ParkReason(StrEnum):
    """What a record or a row waits for."""

    NO_BASE = "no-base"
    REFUSED_ALONE = "refused-alone"


ADVICE: dict[DeadReason, str] = {
    DeadReason.NOT_FRAMED: "The producer does not use the Confluent wire format (magic byte 0 and a schema id).",
    DeadReason.UNKNOWN_SCHEMA: "The schema id is not in the registry, or its subject is not one this topic accepts.",
    DeadReason.UNDECODABLE: "The bytes do not fit the schema they name. Compare it with the registry's.",
    DeadReason.BYTES_LEFT_OVER: "Bytes remain after the record: the schema id is that of another schema.",
    DeadReason.NOT_FINITE: "A number is NaN or infinite. Correct it at the sender.",
    DeadReason.TOO_LARGE: "The record is larger than this topic allows. Send less, or split it.",
    DeadReason.ZERO_SIZE_ITEMS: "The writer's schema has items without bytes and is refused. Register another schema.",
    DeadReason.WRONG_RECORD: "The schema is known, but describes another kind of record. Send it to its own topic.",
    DeadReason.NULL_VALUE: "A tombstone means nothing on this topic. State a quantity of 0 instead.",
    DeadReason.NULL_KEY: "The message has no key. Set the one that its topic states.",
    DeadReason.WRONG_KEY: "The message key is not the field that its topic names. Set the key to that of the record.",
    DeadReason.BAD_SKU: "A SKU has 1 to 64 characters, no control characters and no blank at either end.",
    DeadReason.UNKNOWN_KIND: "The record is neither DELTA nor ABSOLUTE. Map the sender's kind.",
    DeadReason.UNKNOWN_BUCKET: "The bucket is not one of the known ones. Map the sender's bucket.",
    DeadReason.UNKNOWN_LOCATION: "Add the location to STREAMS_INVENTORY__LOCATIONS, then retry the letters.",
    DeadReason.AMBIGUOUS_LOCATION: "Two systems use this location code. Name it system/location in the settings.",
    DeadReason.UNKNOWN_UNIT: "Add the unit of measure to STREAMS_INVENTORY__UNITS, then retry the letters.",
    DeadReason.UNIT_NOT_EXACT: "The conversion leaves more than six decimals. Correct the factor or the quantity.",
    DeadReason.NEGATIVE_ABSOLUTE: "A count below zero. Allow it for the system (NEGATIVE_ALLOWED) or correct it.",
    DeadReason.QUANTITY_OUT_OF_RANGE: "The quantity is beyond what any stock can be. Correct it at the sender.",
    DeadReason.NOT_OWNER: "Another system or goods owner states this bucket here. See OWNERS in the settings.",
    DeadReason.AMBIGUOUS_ALLOCATION: "Say what this system's allocated total contains (ALLOCATIONS in the settings).",
    DeadReason.EFFECTIVE_IN_FUTURE: "The time lies over five minutes ahead. Set the sender's clock, then retry.",
    DeadReason.TOO_MANY_LOCATIONS: "One SKU has more locations or sources than an entry holds. Are codes made up?",
    DeadReason.NAME_TOO_LONG: "A code has more than 128 characters. Shorten it at the sender.",
    DeadReason.BAD_ORDER: "An order has a channel of at most 20 characters, a number, and lines. Send it anew.",
    DeadReason.UNKNOWN_ORDER: "It names no order of a known channel. See STREAMS_ORDERS__CHANNELS, then retry.",
    DeadReason.UNKNOWN_SOURCE: "Commerce has no such source. Create it there, or map the location to another one.",
    DeadReason.REJECTED: "The target refused this content. Read its message, correct the cause, then retry.",
    DeadReason.UNEXPECTED_ERROR: "A fault of this program. Keep the letter, report it, retry after the fix.",
}
"""One sentence per reason that says what a person can do; a test holds it complete."""
