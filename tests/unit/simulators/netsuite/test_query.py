"""Changes of orders, as a poller finds them."""

from typing import Any

import pytest

from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.netsuite.support import NetSuite, ShiftedClock, account, codes, order

PATH = "/services/rest/query/v1/suiteql"
TRANSIENT = {"Prefer": "transient"}
ALL = (
    "SELECT id, tranid, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS modified FROM transaction "
    "WHERE type = 'SalesOrd' ORDER BY lastmodifieddate, id"
)


async def ask(netsuite: NetSuite, text: str, page: str = "") -> Any:
    status, answer, _ = await netsuite.call("POST", PATH + page, {"q": text}, TRANSIENT)
    assert status == 200, answer
    return answer


@in_loop
async def test_changes_are_found_by_whole_seconds_of_the_accounts_zone() -> None:
    clock = ShiftedClock()
    async with account(clock=clock) as netsuite:
        await netsuite.put("web-1", order())
        clock.ahead_s = 60
        await netsuite.put("web-2", order())
        rows = (await ask(netsuite, ALL))["items"]
        since = rows[1]["modified"]

        condition = f"AND lastmodifieddate >= TO_DATE('{since}', 'YYYY-MM-DD HH24:MI:SS') ORDER BY"
        later = (await ask(netsuite, ALL.replace("ORDER BY", condition)))["items"]

        assert [one["tranid"] for one in rows] == ["SO1001", "SO1002"]
        assert later == [rows[1]]
        assert len(since) == 19


@in_loop
async def test_a_date_that_nobody_formats_is_a_day_and_numbers_are_text() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order())

        (row,) = (await ask(netsuite, "SELECT id, foreigntotal, memo, trandate FROM transaction"))["items"]

        assert row.keys() == {"id", "foreigntotal", "trandate"}
        assert row["foreigntotal"] == "489"
        assert len(row["trandate"].split("/")) == 3


@in_loop
async def test_a_word_in_quotes_is_no_table() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order(memo="transaction"))

        found = await ask(netsuite, "SELECT t.id AS id FROM transaction t WHERE t.memo = 'transaction'")

        assert len(found["items"]) == 1


@in_loop
async def test_rows_come_in_pages() -> None:
    async with account() as netsuite:
        for number in range(3):
            await netsuite.put(f"web-{number}", order())

        pages = [await ask(netsuite, ALL, f"?limit=2&offset={offset}") for offset in (0, 2)]

        assert [(one["count"], one["hasMore"]) for one in pages] == [(2, True), (1, False)]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        ({"q": ALL}, {}, "INVALID_HEADER"),
        ({"q": "DROP TABLE transaction"}, TRANSIENT, "INVALID_PARAMETER"),
        ({"q": ALL.replace("tranid", "colour")}, TRANSIENT, "INVALID_PARAMETER"),
        ({}, TRANSIENT, "INVALID_CONTENT"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(body: object, headers: dict[str, str], code: str) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            await netsuite.put("web-1", order())

            status, answer, _ = await netsuite.call("POST", PATH, body, headers)

            assert (status, codes(answer)[0][0]) == (400, code)

    run()
