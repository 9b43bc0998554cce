"""What the orders flow asks before it decides: is enough known to check an order, and what do the checks say of it."""

from typing import NamedTuple, Protocol

import msgspec

from schemas.models.order_event import OrderEvent
from streams.domain.order_lookup import LookUpRules, Reference, look_up
from streams.domain.order_rules import Given
from streams.domain.order_statements import STATEMENTS


class Tables(Protocol):
    """The reference tables of this worker."""

    async def wait(self) -> None:
        """Until everything is known that stood on their topics when this worker began."""
        ...

    async def wait_for_stock(self) -> None:
        """The same of what orders are routed by; at once where they are not."""
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
        """Until orders can be checked and routed; at once where nothing is looked up."""
        if self._tables is not None:
            await self._tables.wait()

    async def routes(self) -> None:
        """Until orders can be routed: outcomes wait for no more than that."""
        if self._tables is not None:
            await self._tables.wait_for_stock()

    def checked(self, event: OrderEvent) -> Checked:
        """Statements are checked, each when it is first heard; every other event passes."""
        reference = self._reference()
        if event.order is None or event.kind not in STATEMENTS:
            return Checked(event, Given(available=reference.available))
        found = look_up(event.order, reference, self._rules)
        stated = msgspec.structs.replace(event, order=found.completed.order)
        given = Given(failing=found.failing, available=reference.available, filled=found.completed.filled)
        return Checked(stated, given)

    def given(self) -> Given:
        """What is known beside a command's outcome."""
        return Given(available=self._reference().available)

    def _reference(self) -> Reference:
        return Reference() if self._tables is None else self._tables.now()


NO_CHECKS = OrderDesk(LookUpRules())
