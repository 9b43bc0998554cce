"""What stands in the memo and in a line's description, and how a line is known again."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connectors.netsuite import texts
from schemas.models.order import Contact
from tests.contract.order_target import line, order, smallest

signs = st.text(st.characters(codec="utf-8"), max_size=20)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    line_id=words,
    name=signs,
    options=st.dictionaries(words, signs, max_size=3),
    note=st.none() | signs,
)
def test_a_line_is_known_by_its_description_whatever_stands_in_it(
    line_id: str, name: str, options: dict[str, str], note: str | None
) -> None:
    wanted = msgspec.structs.replace(line(line_id, "PUMP-200", options=options, note=note), name=name)

    assert texts.line_id(texts.description(wanted)) == line_id


@given(st.none() | signs)
def test_any_text_whatsoever_is_read_without_a_failure(text: str | None) -> None:
    found = texts.line_id(text)

    assert found is None or (text or "").lstrip().startswith("#")


def test_a_description_that_somebody_wrote_is_no_line_of_ours() -> None:
    assert texts.line_id("Pump 200, urgent") is None
    assert texts.line_id(None) is None


def test_a_description_tells_the_whole_configuration() -> None:
    wanted = line(
        "501",
        "PUMP-200",
        parent_line_id="500",
        options={"Engraving": "Line 7"},
        configuration={"seal": "EPDM", "voltage": "400"},
        note="With care",
    )

    assert texts.description(wanted).split("\n") == [
        "#501",
        "Item PUMP-200",
        "Engraving: Line 7",
        "seal: EPDM",
        "voltage: 400",
        "Note: With care",
        "Part of: 500",
    ]


def test_a_memo_begins_with_the_instructions_and_tells_what_has_no_field() -> None:
    wanted = order(
        approval="approved",
        contacts=(Contact(role="site", name="Test Contact", telephone="+1 202 555 0101"), Contact(role="tax")),
    )

    assert (texts.memo(wanted, ship_by="freight") or "").split("\n") == [
        "Deliver to dock 4",
        "Order: 000000123",
        "Cost centre: CC-2",
        "Ship by: freight",
        "Paid by: purchaseorder",
        "Approval: approved",
        "Contact (site): Test Contact, +1 202 555 0101",
        "Contact (tax): ",
    ]


def test_a_memo_of_the_smallest_order_names_its_number() -> None:
    assert texts.memo(smallest(), ship_by=None) == "Order: D-9\nPaid by: account"
