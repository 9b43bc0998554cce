"""What a target can be asked for a reconciliation: which of our documents it holds, many at a time.

Targets are asked by our own references and not by time: what others made there is none of ours, an order that was late
is in the list of its day, and every product can do it, also one that keeps no time of creation by which it could be
asked.  It is a read, through the same door as all calls.
"""

from collections.abc import Sequence
from typing import Protocol

from schemas.models.document import Held


class Holdings(Protocol):
    """What a reference is depends on the role.

    The unified order id at an ERP and a CRM, our task id at a WMS, our reference at an accounting system, the order's
    number at a shop.
    """

    @property
    def at_once(self) -> int:
        """References of one call: so many are given at most, so that each call has its turn at the door."""
        ...

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """Every document that carries one of them, so two of one reference where there are two.

        Raises from `connectors.core.errors`, never UnknownOutcomeError.
        """
        ...
