"""How NetSuite's items and prices are read page by page: what a list of changes alone would get wrong."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError, TargetUnavailableError
from connectors.core.reference_ports import PriceSource, ProductSource
from simulators.netsuite import keys
from tests.fakes.clock import FakeClock

WINTER = datetime(2026, 12, 1, tzinfo=UTC)
PAIR = keys.new_pair()
Rows = list[dict[str, object]]


class Account:
    """Answers questions by what they ask from; `asked` are the questions."""

    def __init__(self, items: Rows, prices: Rows = [], *, more: bool = False) -> None:  # noqa: B006 - never changed
        self.items, self.prices, self.more = items, prices, more
        self.asked: list[str] = []

    def ports(self) -> tuple[ProductSource, PriceSource]:
        connector = registry.load("netsuite")
        auth = {"kind": "m2m", "client_id": "c", "certificate_id": "k", "private_key": PAIR.private}
        settings = connector.settings.model_validate({"base_url": "https://account.example", "auth": auth})
        transport = httpx.MockTransport(self._answer)
        ports = connector.open(settings, Dependencies(clock=FakeClock(WINTER), transport=transport))
        assert ports.products is not None
        assert ports.prices is not None
        return ports.products, ports.prices

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": "3600"})
        query = json.loads(request.content)["q"]
        self.asked.append(query)
        if "FROM item" in query:
            return httpx.Response(200, json={"items": self.items, "hasMore": self.more})
        ids = query.partition("p.item IN (")[2].partition(")")[0].split(", ")
        found = [one for one in self.prices if one["item"] in ids]
        return httpx.Response(200, json={"items": found[:1000], "hasMore": len(found) > 1000})


def item(number: int, modified: str = "2026-07-01 12:00:00", **changes: Any) -> dict[str, object]:
    return {"id": str(number), "sku": f"A-{number}", "modified": modified, **changes}


@pytest.mark.anyio
async def test_between_two_pages_the_place_is_the_time_that_netsuite_said_though_clocks_were_set_back_since() -> None:
    """Through UTC it would be an hour earlier in winter, and the same page would come for ever."""
    account = Account([item(7)], more=True)
    products, _ = account.ports()

    page = await products.products("")
    await products.products(page.cursor)

    assert not page.is_end
    assert (
        "i.lastmodifieddate = TO_DATE('2026-07-01 12:00:00', 'YYYY-MM-DD HH24:MI:SS') AND i.id > 7" in account.asked[1]
    )


@pytest.mark.anyio
async def test_behind_the_end_the_next_reading_begins_before_the_newest_change() -> None:
    account = Account([item(7, "2026-11-30 12:00:00")])
    products, _ = account.ports()

    page = await products.products("")
    await products.products(page.cursor)

    assert page.is_end
    assert "i.lastmodifieddate > TO_DATE('2026-11-30 11:55:00'" in account.asked[1]


@pytest.mark.anyio
async def test_prices_that_one_answer_does_not_hold_are_asked_for_by_halves() -> None:
    rows: list[Mapping[str, object]] = [
        {"item": str(number), "level": "1", "currency": "USD", "price": str(number), "quantity": str(at)}
        for at in range(100)
        for number in range(1, 21)
    ]
    account = Account([item(number) for number in range(1, 21)], [dict(one) for one in rows])
    _, prices = account.ports()

    page = await prices.prices("")

    assert {row.sku: [one.price for one in row.prices] for row in page.rows} == {
        f"A-{number}": [number * 1_000_000] for number in range(1, 21)
    }
    assert len(account.asked) == 1 + 3


@pytest.mark.anyio
async def test_changes_in_the_future_are_a_zone_that_is_set_wrongly() -> None:
    products, _ = Account([item(7, "2026-12-02 12:00:00")]).ports()

    with pytest.raises(ConfigurationError, match="time_zone"):
        await products.products("")


@pytest.mark.anyio
async def test_a_time_that_is_none_is_no_answer() -> None:
    products, _ = Account([item(7, "yesterday")]).ports()

    with pytest.raises(TargetUnavailableError):
        await products.products("")
