"""A corrected record: the topic's schema, the same key and identity, marks that say so, and an audit without people."""

from typing import Any

import pytest

from schemas.catalogue import CONTRACTS, STOCK_CHANGE, contract_of
from schemas.codec import Writer, frame
from schemas.models.stock_change import StockChange
from streams.domain.letter_edit import EditRefusedError
from streams.domain.stock_rules import StockRules
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_edits import EDITABLE, Corrected, Corrector
from streams.runtime.operating.letters import EDIT_OF, EDITED, NotRetriableError, letter_of, original_of
from streams.topics import RESERVATION_REQUEST, STOCK_INPUTS, WITHOUT_PEOPLE
from tests.unit.streams.runtime.operating.records import IDS, STOCK, letter, letter_record, wire

IDENTITY = {"event_id", "source_system", "source_sequence", "quantity", "effective_at", "recorded_at"}
AT = 1_700_000_000_000_000
RULES = StockRules(locations={"W1": "default"})
CHANGE: dict[str, Any] = {
    "event_id": "e-1",
    "source_system": "wms",
    "source_sequence": 7,
    "sku": "SKU-1",
    "location_code": "W9",
    "kind": "ABSOLUTE",
    "bucket": "ON_HAND",
    "quantity": 12_500_000,
    "reason": "CYCLE_COUNT",
    "extras": {"bin": "A-1"},
    "effective_at": AT,
    "recorded_at": AT,
}


def _value(topic: str, record: dict[str, Any]) -> bytes:
    contract = contract_of(topic)
    assert contract is not None
    return frame(IDS[topic], Writer(contract.schema).write(record))


def _correct(
    fields: dict[str, str | None],
    value: bytes | None = None,
    *,
    topic: str = STOCK,
    rules: StockRules = RULES,
    **more: Any,
) -> Corrected:
    record = letter_record(origin=Place(topic, 3, 120), value=_value(STOCK, CHANGE) if value is None else value, **more)
    found = letter_of(record)
    assert found is not None
    return Corrector(wire(), RULES, lambda: AT, fields).correct(found, original_of(found, record))


def test_only_what_was_corrected_differs_and_the_record_says_whose_edit_it_is() -> None:
    made = _correct(
        {"location_code": "W1", "uom": "EA"}, headers=(("ce_id", b"1"), (EDIT_OF, b"older"), (EDITED, b"x"))
    )

    change = wire().decode(STOCK_CHANGE, made.original.value)
    assert isinstance(change, StockChange)
    assert (change.event_id, change.sku, change.source_sequence, change.quantity) == ("e-1", "SKU-1", 7, 12_500_000)
    assert (change.location_code, change.uom) == ("W1", "EA")
    whole = wire().record(STOCK_CHANGE, made.original.value)
    assert whole == {**wire().record(STOCK_CHANGE, _value(STOCK, CHANGE)), "location_code": "W1", "uom": "EA"}
    name = f"{STOCK}-3-120".encode()
    assert made.original.headers == (
        ("ce_id", b"1"),
        (RETRY_OF, name),
        (EDIT_OF, name),
        (EDITED, b"location_code,uom"),
    )
    assert (made.original.topic, made.original.key) == (STOCK, b"SKU-1")
    assert (made.before, made.after) == ("location_code='W9', uom=null", "location_code='W1', uom='EA'")


@pytest.mark.parametrize(
    ("fields", "more", "said"),
    [
        ({"location_code": "W8"}, {}, "set aside again: unknown-location, location 'W8' of 'wms'"),
        ({"bucket": "SHELF"}, {}, r"field \S+\.bucket: not what the schema allows"),
        ({"kind": None}, {}, r"field \S+\.kind: not what the schema allows"),
        ({"location_code": "W9"}, {}, "it has these values already"),
        ({"location_code": "W1"}, {"key": b"OTHER"}, "its message key is not the record's sku"),
        ({"location_code": "W1"}, {"key": None}, "its message key is not the record's sku"),
        ({"location_code": "W1"}, {"reason": "rejected-by-target"}, "its record was accepted"),
    ],
)
def test_what_would_fail_again_is_refused_before_it_is_sent(
    fields: dict[str, str | None], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotRetriableError, match=said):
        _correct(fields, **more)


@pytest.mark.parametrize("value", [b"", b"text", b"\x00\x00\x00\x00\x63abc", _value(STOCK, CHANGE)[:9]])
def test_bytes_that_cannot_be_read_cannot_be_corrected(value: bytes) -> None:
    with pytest.raises(NotRetriableError, match="its bytes cannot be read"):
        _correct({"location_code": "W1"}, value)


def test_of_a_topic_that_can_name_people_no_value_is_noted() -> None:
    event = {
        "event_id": "e-1",
        "source_system": "erp",
        "erp_number": "SO-1",
        "kind": "CONFIRMED",
        "channel": "canary@example.org",
        "effective_at": AT,
        "recorded_at": AT,
    }
    made = _correct({"channel": "pos"}, _value("erp.order-event.v1", event), topic="erp.order-event.v1", key=b"SO-1")

    assert made.before.startswith("channel=sha256:")
    assert made.after.startswith("channel=sha256:")
    assert "canary" not in made.before


def test_a_topic_without_a_schema_of_ours_is_not_corrected() -> None:
    one = letter(origin=Place("commerce.shipment.v1", 0, 1))
    corrector = Corrector(wire(), RULES, lambda: AT, {"part": "x"})

    with pytest.raises(EditRefusedError, match="nothing of this topic may be"):
        corrector.check([one])


def test_what_may_be_corrected_is_a_code_of_its_contract_and_never_an_identity() -> None:
    contracts = {contract.topic: contract for contract in CONTRACTS}
    for topic, names in EDITABLE.items():
        contract = contracts[topic]
        fields = {field.name for field in contract.schema.root.fields}  # type: ignore[union-attr]  # every one is a record
        assert set(names) <= fields
        assert not {"event_id", "source_system", "source_sequence", "quantity", "effective_at", "recorded_at"} & set(
            names
        )
        assert contract.key_field not in names


def test_every_input_of_stock_can_be_corrected_and_names_nobody() -> None:
    """But what a channel asked: it was answered long ago, and asks anew."""
    inputs = {topic.name for topic in STOCK_INPUTS}

    assert inputs - {RESERVATION_REQUEST.name} <= set(EDITABLE)
    assert inputs <= WITHOUT_PEOPLE
