import pytest

from streams.domain.letter_edit import VALUE_LIMIT, EditRefusedError, changed_fields, check_fields, corrected, told

ALLOWED = ("location_code", "uom")
RECORD = {"event_id": "e-1", "sku": "A", "location_code": "W9", "uom": None, "quantity": "12.5", "extras": {"a": "b"}}


def test_codes_that_a_mapping_decides_may_be_corrected_and_emptied() -> None:
    check_fields({"location_code": "x" * VALUE_LIMIT, "uom": None}, ALLOWED)


@pytest.mark.parametrize("name", ["event_id", "sku", "source_sequence", "quantity", "effective_at", "", "\x1b[2J"])
def test_everything_else_stays_as_the_sender_wrote_it(name: str) -> None:
    with pytest.raises(EditRefusedError, match="as the sender wrote it; may be corrected here: location_code, uom"):
        check_fields({"location_code": "W1", name: "1"}, ALLOWED)


def test_a_topic_of_which_nothing_may_change_says_so() -> None:
    with pytest.raises(EditRefusedError, match="nothing of this topic may be"):
        check_fields({"uom": "EA"}, ())


@pytest.mark.parametrize("value", ["", " W1", "W1 ", "W\n1", "W\x00", "W\u202e1", "\ud800", "x" * (VALUE_LIMIT + 1)])
def test_a_value_is_a_code_that_people_can_read(value: str) -> None:
    with pytest.raises(EditRefusedError, match="location_code: 1 to 128 characters"):
        check_fields({"location_code": value}, ALLOWED)


def test_nothing_changed_is_no_correction() -> None:
    with pytest.raises(EditRefusedError, match="no field is changed"):
        check_fields({}, ALLOWED)
    with pytest.raises(EditRefusedError, match="no field is changed"):
        changed_fields(RECORD, dict(RECORD), ALLOWED)
    with pytest.raises(EditRefusedError, match="it has these values already"):
        corrected(RECORD, {"location_code": "W9", "uom": None})


def test_an_edited_record_gives_what_differs() -> None:
    assert changed_fields(RECORD, {**RECORD, "location_code": "W1", "uom": "EA"}, ALLOWED) == {
        "location_code": "W1",
        "uom": "EA",
    }
    assert changed_fields(RECORD, {**RECORD, "location_code": None}, ALLOWED) == {"location_code": None}


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        ({**RECORD, "quantity": "7"}, "'quantity' stays"),
        ({**RECORD, "more": "7"}, "'more' stays"),
        ({name: value for name, value in RECORD.items() if name != "sku"}, "'sku' stays"),
        ({name: value for name, value in RECORD.items() if name != "location_code"}, "location_code: a text, or null"),
        ({**RECORD, "location_code": 7}, "location_code: a text, or null"),
        ([RECORD], "is an object"),
        ("W1", "is an object"),
    ],
)
def test_a_record_that_was_edited_otherwise_is_refused(edited: object, said: str) -> None:
    with pytest.raises(EditRefusedError, match=said):
        changed_fields(RECORD, edited, ALLOWED)


def test_only_what_was_corrected_differs_in_the_new_record() -> None:
    made = corrected(RECORD, {"location_code": "W1"})

    assert made == {**RECORD, "location_code": "W1"}
    assert RECORD["location_code"] == "W9"


def test_the_audit_holds_both_values_and_where_people_could_be_named_neither() -> None:
    names = ("location_code", "uom")

    assert told(RECORD, names, plain=True) == "location_code='W9', uom=null"
    hidden = told({"location_code": "canary@example.org"}, names, plain=False)
    assert hidden == f"location_code=sha256:{hidden[21:33]}, uom=null"
    assert "canary" not in hidden
    assert told({"location_code": "canary@example.com"}, names, plain=False) != hidden
