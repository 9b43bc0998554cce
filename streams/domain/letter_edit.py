"""Correcting the record of a dead letter: which fields a person may change, and what the change comes to.

Only codes that a mapping was wrong about: whose record it is, when and how much stays as the sender said it.  A wrong
quantity has a way of its own (`commerce-streams stock rebase`).
"""

import hashlib
from collections.abc import Mapping, Sequence

VALUE_LIMIT = 128
FINGERPRINT = 12
Fields = Mapping[str, str | None]
"""Name of a field → the value that it shall have; None empties it."""


class EditRefusedError(ValueError):
    """The record must not, or cannot, be changed so; the message says what can be, and quotes no value."""


def check_fields(wanted: Fields, allowed: Sequence[str]) -> None:
    """Raises EditRefusedError."""
    if not wanted:
        raise EditRefusedError("no field is changed")
    for name, value in wanted.items():
        if name not in allowed:
            what = f"may be corrected here: {', '.join(allowed)}" if allowed else "nothing of this topic may be"
            raise EditRefusedError(f"the field {name[:60]!r} stays as the sender wrote it; {what}")
        if value is not None and not _is_code(value):
            raise EditRefusedError(f"{name}: 1 to {VALUE_LIMIT} characters, no control characters, no blank at an end")


def _is_code(text: str) -> bool:
    return 1 <= len(text) <= VALUE_LIMIT and text.isprintable() and text == text.strip()


def changed_fields(decoded: Mapping[str, object], edited: object, allowed: Sequence[str]) -> dict[str, str | None]:
    """What differs between a record as it is shown and the same after a person edited it.  Raises EditRefusedError."""
    if not isinstance(edited, Mapping):
        raise EditRefusedError("the edited record is an object with the fields of the record")
    names = [name for name in dict.fromkeys((*decoded, *edited)) if _differs(decoded, edited, name)]
    found = {name: value if isinstance(value := edited.get(name), str) else None for name in names}
    check_fields(found, allowed)
    for name in names:
        if name not in edited or not isinstance(edited[name], str | None):
            raise EditRefusedError(f"{name}: a text, or null to empty it")
    return found


def _differs(decoded: Mapping[str, object], edited: Mapping[str, object], name: str) -> bool:
    return name not in decoded or name not in edited or decoded[name] != edited[name]


def corrected(record: Mapping[str, object], wanted: Fields) -> dict[str, object]:
    """The record with its new values.  Raises EditRefusedError where none of them is new."""
    if all(record.get(name) == value for name, value in wanted.items()):
        raise EditRefusedError("it has these values already")
    return {**record, **wanted}


def told(values: Mapping[str, object], names: Sequence[str], *, plain: bool) -> str:
    """For the audit: `location_code='DC-1'`; where records can name people, a fingerprint instead of each value."""
    return ", ".join(f"{name}={_told(values.get(name), plain=plain)}" for name in names)


def _told(value: object, *, plain: bool) -> str:
    if value is None:
        return "null"
    text = str(value)
    if plain:
        return repr(text[:VALUE_LIMIT])
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:FINGERPRINT]}"
