"""Does a shop reserve what its open orders promise?  It lists no reservations: their sum follows from what it may sell.

    reserved = salable - what its sources have + threshold
    expected = - what is open of orders that are in no final state

Where these differ the shop sells too little or too much, and nothing sets it right by itself.  Which order it came from
no interface says; what follows from the orders is a candidate, and whether it is the only one is told with it.

Source: magento/inventory InventorySales/Model/GetProductSalableQty and InventoryReservationCli (read, not run).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from schemas.models.reservation import PromisedLine, SellingRules
from streams.domain.reservation_candidates import Candidate, Kind, candidates

SHOWN = 5
"""Candidates that are kept of one finding."""


class Pair(NamedTuple):
    """One SKU in one stock."""

    stock_id: int
    sku: str


class Certainty(StrEnum):
    """How sure the order is.  The difference itself was read twice."""

    CERTAIN = "certain"
    """No other order of this SKU and stock could make it, and all were read."""
    LIKELY = "likely"
    """Others could, or not all orders were read, or the shop hides the exact number."""
    UNKNOWN = "unknown"
    """No order makes it."""


class Held(NamedTuple):
    """One look at a pair (micros): what the shop says it may sell, and what its sources have in stock."""

    salable: int
    available: int
    expected: int
    rules: SellingRules

    @property
    def should(self) -> int:
        """What it would sell if it reserved what is promised."""
        return self.available + self.expected - self.rules.threshold

    @property
    def is_out_of_stock(self) -> bool:
        """Then the shop says 0, whatever is reserved."""
        return self.available <= self.rules.threshold and not self.rules.backorders


class Verdict(StrEnum):
    """What one look at a pair says."""

    AGREES = "agrees"
    HIDDEN = "hidden"
    """The shop says 0, as it does for whatever is not in stock: nothing follows from that."""
    DIFFERS = "differs"


def judge(held: Held) -> Verdict:
    """Of a product that is counted at all."""
    if held.rules.manages_stock and held.salable == 0 and (held.is_out_of_stock or held.should < 0):
        return Verdict.HIDDEN
    is_right = not held.rules.manages_stock or held.salable == held.should
    return Verdict.AGREES if is_right else Verdict.DIFFERS


def is_negative(held: Held) -> bool:
    """Whether more is promised than is there; with backorders that is meant so."""
    rules = held.rules
    return rules.manages_stock and not rules.backorders and min(held.salable, held.available + held.expected) < 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One pair, proven by two looks.  Quantities in micros; `difference` < 0: too much is reserved."""

    kind: Kind
    stock_id: int
    sku: str
    salable: int
    available: int
    threshold: int
    reserved: int
    expected: int
    certainty: Certainty
    candidates: tuple[Candidate, ...] = ()
    is_bound: bool = False
    """The shop says 0 and hides how far below it is: the difference is at least this."""
    at: int = 0

    @property
    def difference(self) -> int:
        return self.reserved - self.expected


def explained(pair: Pair, held: Held, lines: Sequence[PromisedLine], *, is_all: bool, at: int) -> list[Finding]:
    """What is to be told of a pair; `lines` are those of its SKU, `is_all` where there are no others.

    Nothing where the shop reserves what is promised and has it.
    """
    found = []
    if judge(held) is Verdict.DIFFERS:
        mine = [one for one in lines if one.stock_id == pair.stock_id]
        found.append(_blamed(_finding(pair, held, at), mine, is_all=is_all))
    if is_negative(held):
        found.append(_negative(_finding(pair, held, at), lines))
    return found


def _blamed(finding: Finding, lines: Sequence[PromisedLine], *, is_all: bool) -> Finding:
    made = list(candidates(finding.difference, lines))
    if not made:
        return finding
    is_certain = is_all and len(made) == 1 and not finding.is_bound
    return msgspec.structs.replace(
        finding,
        kind=made[0].kind,
        certainty=Certainty.CERTAIN if is_certain else Certainty.LIKELY,
        candidates=tuple(made[:SHOWN]),
    )


def _negative(finding: Finding, lines: Sequence[PromisedLine]) -> Finding:
    """The newest open orders are those that will have to wait."""
    mine = [one for one in lines if one.stock_id == finding.stock_id and one.open]
    waiting = tuple(
        Candidate(Kind.NEGATIVE, one.order_number, one.entity_id, one.state, one.open, "is open")
        for one in sorted(mine, key=lambda one: -one.entity_id)[:SHOWN]
    )
    return msgspec.structs.replace(
        finding, kind=Kind.NEGATIVE, certainty=Certainty.CERTAIN, candidates=waiting, is_bound=False
    )


def _finding(pair: Pair, held: Held, at: int) -> Finding:
    return Finding(
        kind=Kind.UNEXPLAINED,
        stock_id=pair.stock_id,
        sku=pair.sku,
        salable=held.salable,
        available=held.available,
        threshold=held.rules.threshold,
        reserved=held.salable - held.available + held.rules.threshold,
        expected=held.expected,
        certainty=Certainty.UNKNOWN,
        is_bound=held.salable == 0,
        at=at,
    )


class Compensation(msgspec.Struct, frozen=True):
    """One line of the plan; `quantity` in micros, positive gives goods free again."""

    order_number: str
    sku: str
    quantity: int
    stock_id: int

    @property
    def argument(self) -> str:
        """As `inventory:reservation:create-compensations` takes it."""
        return f"{self.order_number}:{self.sku}:{_six_places(self.quantity)}:{self.stock_id}"

    @property
    def is_pasteable(self) -> bool:
        """The vendor's pattern reads digits before the first colon and nothing else of an order's number.

        Source: InventoryReservationCli/Command/Input/GetReservationFromCompensationArgument (read, not run).
        """
        return self.order_number.isascii() and self.order_number.isdigit()


def compensation_of(finding: Finding) -> Compensation | None:
    """What sets the sum right, in the name of the first candidate; None where none is to be made."""
    if finding.kind is Kind.NEGATIVE or not finding.candidates:
        return None
    number = finding.candidates[0].order_number
    return Compensation(number, finding.sku, -finding.difference, finding.stock_id)


def _six_places(micros: int) -> str:
    """With a sign, as the vendor prints it (%+f)."""
    whole, part = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else '+'}{whole}.{part:06d}"
