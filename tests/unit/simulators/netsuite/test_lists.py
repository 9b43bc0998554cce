"""Items, prices and customers as SuiteQL shows them, and as people change them."""

from typing import Any

from simulators.netsuite import Settings
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.netsuite.support import NetSuite, ShiftedClock, account

QUERY = "/services/rest/query/v1/suiteql"


async def rows(netsuite: NetSuite, query: str) -> list[dict[str, Any]]:
    status, answer, _ = await netsuite.call("POST", QUERY, {"q": query}, {"Prefer": "transient"})
    assert status == 200, answer
    found: list[dict[str, Any]] = answer["items"]
    return found


async def change(netsuite: NetSuite, **body: object) -> tuple[int, Any]:
    status, answer, _ = await netsuite.call("POST", "/_sim/records", body)
    return status, answer


ITEM = (
    "SELECT isinactive AS inactive, BUILTIN.DF(saleunit) AS unit, saleunit AS id FROM item "
    "WHERE externalid = 'PUMP-P100'"
)
CHANGED = "SELECT externalid AS sku FROM item WHERE lastmodifieddate > TO_DATE('2026-06-01', 'YYYY-MM-DD')"
PRICES = (
    "SELECT c.symbol AS currency, p.pricelevel AS level, p.quantity AS quantity, p.unitprice AS price FROM pricing p "
    "INNER JOIN item i ON i.id = p.item INNER JOIN currency c ON c.id = p.currency WHERE i.externalid = 'PUMP-P100'"
)
CREDIT = (
    "SELECT creditholdoverride AS hold, balancesearch AS balance, creditlimit AS most, BUILTIN.DF(terms) AS terms "
    "FROM customer WHERE externalid = 'C-1004'"
)


@in_loop
async def test_an_item_that_was_changed_by_hand_is_shown_so_and_as_changed() -> None:
    async with account() as netsuite:
        assert await rows(netsuite, ITEM) == [{"inactive": "F"}]
        assert await rows(netsuite, CHANGED) == []

        assert (await change(netsuite, kind="item", external_id="PUMP-P100", fields={"inactive": True, "unit": "1"}))[
            0
        ] == 200

        assert await rows(netsuite, ITEM) == [{"inactive": "T", "unit": "EA", "id": "1"}]
        assert await rows(netsuite, CHANGED) == [{"sku": "PUMP-P100"}]


@in_loop
async def test_the_price_matrix_has_the_base_price_and_the_other_cells() -> None:
    async with account() as netsuite:
        cells = [
            {"price": 440, "level": "5"},
            {"price": 450, "quantity": 100},
            {"price": 400, "currency": "EUR"},
            {"price": 1, "currency": "XXX"},
        ]
        await change(netsuite, kind="item", external_id="PUMP-P100", fields={"price": 480.5, "prices": cells})

        found = [tuple(row.values()) for row in await rows(netsuite, PRICES)]

        assert found == [
            ("USD", "1", "0", "480.5"),
            ("USD", "5", "0", "440"),
            ("USD", "1", "100", "450"),
            ("EUR", "1", "0", "400"),
        ]


@in_loop
async def test_a_customers_credit_is_shown_with_its_terms() -> None:
    async with account() as netsuite:
        assert await rows(netsuite, CREDIT) == [{"hold": "AUTO", "balance": "0"}]
        fields = {"hold": "ON", "balance": 12, "credit_limit": 10, "terms": "2"}
        await change(netsuite, kind="customer", external_id="C-1004", fields=fields)

        assert await rows(netsuite, CREDIT) == [{"hold": "ON", "balance": "12", "most": "10", "terms": "Net 30"}]


@in_loop
async def test_what_is_deleted_is_gone_and_a_reset_brings_it_back() -> None:
    async with account() as netsuite:
        status, _ = await change(netsuite, kind="item", external_id="PUMP-P100", deleted=True)
        gone = await rows(netsuite, ITEM)
        again, _ = await change(netsuite, kind="item", external_id="PUMP-P100", deleted=True)
        await netsuite.call("POST", "/_sim/reset")
        await netsuite.sign_in()

        assert (status, gone, again) == (200, [], 400)
        assert await rows(netsuite, ITEM) == [{"inactive": "F"}]


@in_loop
async def test_a_change_by_hand_is_in_the_journal_and_a_wrong_field_is_refused() -> None:
    async with account() as netsuite:
        await change(netsuite, kind="item", external_id="NEW-1")
        wrong, _ = await change(netsuite, kind="item", external_id="NEW-1", fields={"colour": "red"})

        entries = (await netsuite.get("/_sim/journal"))["items"]

        assert wrong == 400
        assert [(one["kind"], one["detail"].get("of")) for one in entries if one["effect"]] == [("record", "NEW-1")]


@in_loop
async def test_a_query_sees_a_change_late_where_the_account_does() -> None:
    clock = ShiftedClock()
    async with account(Settings(save_ms=0, query_lag_s=60), clock) as netsuite:
        assert await rows(netsuite, ITEM) == [{"inactive": "F"}]
        await change(netsuite, kind="item", external_id="PUMP-P100", fields={"inactive": True})
        before = await rows(netsuite, ITEM)
        clock.ahead_s += 61

        assert before == [{"inactive": "F"}]
        assert await rows(netsuite, ITEM) == [{"inactive": "T"}]
