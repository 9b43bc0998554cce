"""Questions: what is found, what is shown, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.salesforce import Settings
from simulators.salesforce.errors import ApiError
from simulators.salesforce.soql import run
from simulators.salesforce.views import PRICE_BOOK, Seed, build
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.salesforce.support import code_of, org

PLAIN = Settings()


def codes(question: str) -> list[object]:
    rows = run(f"SELECT ProductCode FROM Product2 {question}", build(Seed()), PLAIN)
    return [row["ProductCode"] for row in rows]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("WHERE ProductCode = 'PUMP-200'", ["PUMP-200"]),
        ("WHERE ProductCode = 'pump-200'", ["PUMP-200"]),
        ("where ProductCode in ('PUMP-200' , 'NOBODY','CABLE-3X15')", ["PUMP-200", "CABLE-3X15"]),
        ("WHERE IsActive = true AND ProductCode = 'PUMP-200'", ["PUMP-200"]),
        ("WHERE IsActive = FALSE", []),
        ("WHERE Family = null LIMIT 2", ["PUMP-P100", "PUMP-200"]),
        ("LIMIT 1", ["PUMP-P100"]),
    ],
)
def test_conditions_find_text_in_any_case(question: str, found: list[str]) -> None:
    assert codes(question) == found


def test_parents_are_asked_by_dots_and_shown_nested() -> None:
    question = (
        "SELECT Id, Product2.ProductCode, Product2.Name, Family__x FROM PricebookEntry"
        f" WHERE Pricebook2Id = '{PRICE_BOOK}' AND Product2.ProductCode = 'PUMP-200'"
    ).replace(", Family__x", ", UseStandardPrice")

    (row,) = run(question, build(Seed()), PLAIN)

    assert row["Product2"] == {"ProductCode": "PUMP-200", "Name": "PUMP-200"}
    assert row["UseStandardPrice"] is None


def test_an_external_id_is_compared_by_case() -> None:
    held = build(Seed())
    held.insert("Account", {"Name": "A", "Commerce_Id__c": "a-1"})

    def found(key: str, settings: Settings) -> int:
        return len(run(f"SELECT Id FROM Account WHERE Commerce_Id__c = '{key}'", held, settings))

    assert (found("a-1", PLAIN), found("A-1", PLAIN)) == (1, 0)
    assert found("A-1", Settings(case_sensitive_ids=False)) == 1


def test_a_line_without_a_parent_has_no_parents_fields() -> None:
    held = build(Seed())
    held.insert("OrderItem", {"Commerce_Id__c": "l-1"})

    (row,) = run("SELECT Order.Account.Name FROM OrderItem", held, PLAIN)

    assert row["Order"] == {"Account": {"Name": None}}


@given(st.text(max_size=30))
def test_an_escaped_value_is_found_whatever_it_is(text: str) -> None:
    held = build(Seed(products=()))
    held.insert("Account", {"Name": "A", "Commerce_Id__c": text})
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")

    assert len(run(f"SELECT Id FROM Account WHERE Commerce_Id__c = '{escaped}'", held, PLAIN)) == 1


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Id Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT 7 FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = Name", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'it's'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name LIKE 'A'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account; DELETE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 2", "MALFORMED_QUERY"),
        ("SELECT Id FROM Asset", "INVALID_TYPE"),
        ("SELECT Colour FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Parent.Name = 'A'", "INVALID_FIELD"),
        ("SELECT Account.Colour FROM Order", "INVALID_FIELD"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(question: str, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        run(question, build(Seed()), PLAIN)

    assert refused.value.code == code


@in_loop
async def test_pages_lead_to_each_other_and_a_locator_serves_once() -> None:
    async with org(Settings(page_rows=4)) as client:
        _, first = await client.query("SELECT Id FROM Product2")
        assert (first["done"], first["totalSize"], len(first["records"])) == (False, 6, 4)

        locator = first["nextRecordsUrl"].rpartition("/")[2]
        _, second = await client.call("GET", f"/query/{locator}")
        assert (second["done"], len(second["records"])) == (True, 2)
        assert code_of(await client.call("GET", f"/query/{locator}")) == (400, "INVALID_QUERY_LOCATOR")


def accounts(question: str) -> list[object]:
    """Of three accounts that were changed one second after the other."""
    held, now = build(Seed()), [1_772_439_330.0]
    held.now = lambda: now[0]
    for name in ("C", "A", "B"):
        held.insert("Account", {"Name": name, "AccountNumber": None if name == "B" else name})
        now[0] += 1
    return [row["Name"] for row in run(f"SELECT Name FROM Account {question}", held, PLAIN)]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("WHERE SystemModstamp >= 2026-03-02T08:15:31.000Z", ["A", "B"]),
        ("WHERE SystemModstamp > 2026-03-02T08:15:31Z", ["B"]),
        ("WHERE SystemModstamp < 2026-03-02T09:15:31+01:00", ["C"]),
        ("WHERE SystemModstamp <= 2026-03-02T08:15:31Z ORDER BY Name", ["A", "C"]),
        ("WHERE SystemModstamp = 2026-03-02T08:15:31Z", ["A"]),
        ("WHERE AccountNumber != null", ["C", "A"]),
        ("WHERE Website > 'a'", []),
        ("WHERE (Name = 'A' OR Name = 'B') AND AccountNumber != null", ["A"]),
        ("WHERE Name = 'A' OR (Name = 'B' AND AccountNumber = null)", ["A", "B"]),
        ("ORDER BY AccountNumber ASC, Name LIMIT 2", ["B", "A"]),
        ("ORDER BY SystemModstamp, Id", ["C", "A", "B"]),
    ],
)
def test_times_are_compared_as_times_and_rows_come_in_the_order_asked_for(question: str, found: list[str]) -> None:
    assert accounts(question) == found


@pytest.mark.parametrize(
    "question",
    [
        "WHERE Name = 'A' OR Name = 'B' AND Name = 'C'",
        "WHERE (Name = 'A'",
        "ORDER Name",
        "WHERE SystemModstamp > 2026-03-02T08:15:31",
    ],
)
def test_what_soql_does_not_take_is_refused(question: str) -> None:
    with pytest.raises(ApiError) as told:
        accounts(question)
    assert told.value.code == "MALFORMED_QUERY"


def test_a_change_by_hand_moves_the_stamp_and_a_deleted_record_is_not_found() -> None:
    held = build(Seed())
    made = held.insert("Account", {"Name": "A"})
    before = held.table("Account")[made]["SystemModstamp"]
    held.now = lambda: 1_772_439_330.0
    held.change("Account", made, {"Name": "B"})

    assert before == "2026-01-01T00:00:00.000+0000"
    assert held.table("Account")[made] == {"Id": made, "Name": "B", "SystemModstamp": "2026-03-02T08:15:30.000+0000"}
    held.remove("Account", made)
    assert run("SELECT Id FROM Account", held, PLAIN) == []
    with pytest.raises(ValueError, match="no Account"):
        held.change("Account", made, {})
    with pytest.raises(ValueError, match="no Account"):
        held.remove("Account", made)
