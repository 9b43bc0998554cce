"""What every route of the simulated Commerce shares: settings, state, clock, chance; and the form of its handlers."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulators.adobe_commerce import search
from simulators.adobe_commerce.contract import Operation
from simulators.adobe_commerce.service_input import Value
from simulators.adobe_commerce.settings import Settings
from simulators.adobe_commerce.state import Seed, State
from simulators.core.clock import Clock
from simulators.core.exchange import Call, Note


@dataclass(slots=True)
class Shop:
    """One simulated installation."""

    settings: Settings
    seed: Seed
    state: State
    clock: Clock
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.settings.seed)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """An authorised request, its path and body already checked against the contract."""

    shop: Shop
    operation: Operation
    values: Mapping[str, str | int]
    body: Mapping[str, Value]
    call: Call
    note: Note

    def text(self, name: str) -> str:
        """A path parameter."""
        return str(self.values[name])

    def whole(self, name: str) -> int:
        """A path parameter that the contract types as integer."""
        return int(self.values[name])

    def listing(
        self,
        rows: Sequence[search.Row],
        criteria: search.Criteria,
        fields: search.Fields[search.Row],
        show: Callable[[search.Row], object],
    ) -> dict[str, object]:
        """A search result: one page, the criteria, and the count of all rows that match."""
        found = search.select(rows, criteria, fields)
        shown = [show(row) for row in search.page(found, criteria, self.shop.settings)]
        return {"items": shown, "search_criteria": criteria.echo(), "total_count": len(found)}


Handler = Callable[[ApiRequest], Awaitable[object]]
Handlers = Mapping[str, Handler]


def criteria_of(request: ApiRequest, *, required: bool = True) -> search.Criteria:
    """The list request's searchCriteria.  Raises ApiError where they are needed and absent."""
    return search.parse(request.call.query, request.shop.settings, required=required)
