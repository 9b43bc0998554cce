"""A warehouse's statement of a bucket, held against what the ledger held at that moment.  It is never counted.

Pure; quantities in micros, times in µs.
"""

from enum import StrEnum
from typing import NamedTuple

from streams.domain.movements import Movements
from streams.domain.scope import Scope
from streams.domain.stock_door import Admitted


class Finding(StrEnum):
    """The words stand in a metric."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """The ledger never heard of this bucket, and there is something in it."""
    UNCOUNTED = "uncounted"
    """The ledger has movements of it but no count yet: the sweep asks for one."""
    COUNTED_SINCE = "counted-since"
    """A newer count replaced what the ledger held then."""
    TOO_OLD = "too-old"
    """Before the horizon: the movements of that time are folded together."""
    OTHER_OWNER = "other-owner"
    """Another system states this bucket; that one is asked."""


WRONG = frozenset({Finding.DIFFERS, Finding.UNKNOWN})
"""Whose quantity is asked for anew."""


class Comparison(NamedTuple):
    """`held` is what the ledger held then; None where that cannot be said."""

    finding: Finding
    held: int | None = None


def compare(stated: Admitted, scope: Scope | None, movements: Movements) -> Comparison:
    """`movements` are those of the scope; of a scope that is not there none are asked for."""
    at, quantity = stated.change.at, stated.change.counted
    if scope is None:
        return Comparison(Finding.UNKNOWN if quantity else Finding.AGREES, 0)
    if (scope.source_system, scope.owner_code) != (stated.source_system, stated.owner_code):
        return Comparison(Finding.OTHER_OWNER)
    if not scope.has_base:
        return Comparison(Finding.UNCOUNTED)
    if scope.base_at > at:
        return Comparison(Finding.COUNTED_SINCE)
    if scope.folded_at > at:
        return Comparison(Finding.TOO_OLD)
    held = scope.value - movements.sum_after(at)
    return Comparison(Finding.AGREES if held == quantity else Finding.DIFFERS, held)
