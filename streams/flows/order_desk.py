"""What the orders flow asks before it decides: is enough known to check an order, and what do the checks say of it."""

from typing import NamedTuple, Protocol

import msgspec

from schemas.models.order_event import OrderEvent
from streams.domain.order_lookup import LookUpRules, Reference, look_up
from streams.domain.order_rules import NOTHING_GIVEN, Given
from streams.domain.order_statements import STATEMENTS


class Tables(Protocol):
    """The reference tables of this worker."""

    async def wait(self) -> None:
        """Until everything is known that stood on their topics when this worker began."""
        ...

    def now(self) -> Reference:
        """As they are at this moment."""
        ...


class Checked(NamedTuple):
    """An event with its order as its account completes it, and what the checks said."""

    event: OrderEvent
    given: Given


class OrderDesk:
    """Without tables no order is held for what nobody looked up, and none is completed: `rules` must not need any."""

    def __init__(self, rules: LookUpRules, tables: Tables | None = None) -> None:
        self._rules, self._tables = rules, tables

    async def ready(self) -> None:
        """Until orders can be checked; at once where no check looks anything up."""
        if self._tables is not None:
            await self._tables.wait()

    def checked(self, event: OrderEvent) -> Checked:
        """Statements are checked, each when it is first heard; every other event passes."""
        if event.order is None or event.kind not in STATEMENTS:
            return Checked(event, NOTHING_GIVEN)
        reference = Reference() if self._tables is None else self._tables.now()
        found = look_up(event.order, reference, self._rules)
        stated = msgspec.structs.replace(event, order=found.completed.order)
        return Checked(stated, Given(failing=found.failing, filled=found.completed.filled))


NO_CHECKS = OrderDesk(LookUpRules())
