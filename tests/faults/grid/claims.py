"""Which invariant is claimed under which fault: the tables that the grid fills."""

from collections.abc import Mapping

from tests.faults.grid.kinds import Claim

INVARIANTS = {
    "I1": "no update lost: the shop equals the warehouses",
    "I2": "nothing done twice: what was answered is not sent again, and nothing older is",
    "I3": "versions of a SKU only rise",
    "I4": "no pair has two calls in flight",
    "I5": "the table equals a replay from offset zero",
    "I6": "every record is accounted for, once",
    "I7": "no commit passes a record that is not accounted for",
    "I8": "no accepted change stays unsent beyond its bound",
    "I9": "memory and backlog stay bounded",
    "I10": "poison holds up nobody behind it",
    "I11": "dead letters are lossless, and a retry counts once",
    "I12": "a stop is clean, and a restart repeats nothing",
    "I13": "after the heal everything is done in time",
}
_TABLE = """
N0   X X X X X X X X X . . X X
N1   X X X X X X X D . . . . X
N2   X X X X X X X D . . . X X
N3   X X X X X X X D . . . . X
N4   X X X X X X X D . . . . X
N5   X X X X X X X D X . . . X
N6   X X X X X X X D X . . X X
N7   X X . X . X X D X . . . X
N8   X X . X . X X D X X X . X
N9   X X X X . X X D X . X . X
N10  X X X X . X X D X . . . X
N11  X X X X . X X D X . . X X
N12  X X X X . X X D . . . . X
N13  X X . X . X X D . X X . X
N14  X X X X X X . X . . . . .
N15  X X X X X X . X . . . . .
N16  X X X X X X . X . . . . X
N17  X X X X X X X X X X X . X
N18  X X X X X X . X . X X . X
N19  X X X X X X X D X . . X X
N20  X X X X X X X D . . . X X
N21  X X X X X X X D . . . . X
N22  X X X X X X X D . . . . X
N23  X X X X X X . D X . . . X
N24  X X X X X X . D . . . . X
N25  X X X X X X X D X . . . X
N26  X X X X X X X D . . . . X
N27  X X X X X X X D X . X . X
N28  X X X X X X X D X X X X X
"""
"""X must hold, D may be delayed and is looked at after the heal, . is not the point of that run.

N23 may delay: a replay moves offsets only while no worker runs.
"""
_ORDERS = """
N0   X X X X . X X . X . . X X
N1   X X X X . X X . . . . . X
N2   X X X X . X X . . . . X X
N3   X X X X . X X . . . . . X
N4   X X X . . X X . . . . . X
N5   X X X X . X X . X . . . X
N6   X X X X . X X . X . . X X
N7   X X X X . X X . X . . . X
N8   X X X . . X X . X D X . X
N9   X X X X . X X . X . X . X
N10  X X X X . X X . X . . . X
N11  X X X X . X X . X . . X X
N12  X X X X . X X . . . . . X
N13  X X X X . X X . . D X . X
N14  X X X X . X X . . . . . X
N15  X X X X . X X . . . . . X
N16  X X X X . X X . . . . . X
N17  X X X X . X X . X X X . X
N18  X X X X . X X . . X X . X
N23  X X X X . X X . X . . . X
N25  X X X X . X X . X . . . X
N26  X X X X . X X . . . . . X
N27  X X X X . X X . X . X . X
N28  X X X X . X X . X D X X X
"""
"""Of the orders flow.  I5 is a claim of the ledger, I8 of the lane's windows.

N4: a call that was under way when its worker stood still lands whenever the target takes it up.
"""
_MEANS = {"X": Claim.MUST, "D": Claim.LATER, ".": Claim.NOT_HERE}


def _read(table: str) -> dict[str, dict[str, Claim]]:
    rows = (line.split() for line in table.strip().splitlines())
    return {name: dict(zip(INVARIANTS, map(_MEANS.__getitem__, cells), strict=True)) for name, *cells in rows}


CLAIMS = _read(_TABLE)
ORDER_CLAIMS = _read(_ORDERS)
ORDER_INVARIANTS = {
    **INVARIANTS,
    "I1": "no order lost: every target has every order",
    "I2": "nothing done twice: every target has every order once, and none that nobody placed",
    "I3": "versions of an order only rise",
    "I4": "no order has two calls in flight at a target",
}
Claims = Mapping[str, Mapping[str, Claim]]


def claims_of(nemesis: str, claims: Claims = CLAIMS) -> dict[str, Claim]:
    """What is claimed under a fault, or under several in one run (`N9+N12`): what one may delay, all may."""
    rows = [claims[one] for one in nemesis.split("+")]
    return {name: _strongest({row[name] for row in rows}) for name in INVARIANTS}


def _strongest(claims: set[Claim]) -> Claim:
    for claim in (Claim.LATER, Claim.MUST):
        if claim in claims:
            return claim
    return Claim.NOT_HERE
