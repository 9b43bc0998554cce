"""Addresses from data: a product code must arrive as one path segment, whatever characters it has.

Percent-encoding alone is not enough: `.` and `..` are left as they are by `quote` and resolved by servers, and control
characters are dropped by some clients, which would name another product.
"""

import string
import unicodedata
from typing import NamedTuple
from urllib.parse import quote

from connectors.core.errors import RejectedPayloadError


class Path(NamedTuple):
    """`encoded` is what goes on the wire, to the byte; `template` is what metrics may show."""

    template: str
    encoded: str


def path(template: str, **values: str | int) -> Path:
    """Fill `{name}` places; each value becomes exactly one segment.

    Raises:
        RejectedPayloadError: a value that no path can carry.
    """
    places = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    if places != values.keys():
        raise TypeError(f"{template} has the places {sorted(places)}, got {sorted(values)}")
    return Path(template, template.format(**{name: segment(str(value)) for name, value in values.items()}))


def segment(value: str) -> str:
    """`value` as one path segment.

    Raises:
        RejectedPayloadError: empty, `.`, `..`, control characters, or text that is not valid Unicode.
    """
    if not can_carry(value):
        raise RejectedPayloadError(f"no path can carry {value!r}", fields=(value,), status=None)
    return quote(value, safe="")


def can_carry(value: str) -> bool:
    """Whether `segment` takes it; look-ups by path skip what it does not take."""
    return value not in {"", ".", ".."} and not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in value)


def query_string(query: tuple[tuple[str, str], ...]) -> str:
    """Everything but letters, digits and `_.-~` encoded, a blank as %20: what signatures of query strings agree on."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
