import hashlib
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.lookback import Place
from streams.runtime.operating.letter_closings import Closing, closings, is_open
from streams.runtime.operating.letters import (
    LetterGroups,
    NotRetriableError,
    letter_of,
    original_of,
)
from tests.unit.streams.runtime.operating.records import STOCK, audit, letter, letter_record, record

LETTERS = Place("dead-letter.v1", 0, 0)
ID = f"{STOCK}-3-120"


def test_a_letter_is_known_by_the_place_of_its_original() -> None:
    found = letter(7, origin=Place("inventory.hold.v1", 5, 12))

    assert found.letter_id == "inventory.hold.v1-5-12"
    assert found.origin == Place("inventory.hold.v1", 5, 12)
    assert found.place == Place("dead-letter.v1", 0, 7)


def test_a_record_without_marks_is_no_letter() -> None:
    assert letter_of(record(LETTERS)) is None
    assert letter_of(letter_record(told={"partition": "three"})) is None


def test_a_letter_is_open_until_an_audit_record_closes_it() -> None:
    one = letter()

    assert is_open(one, {})
    assert not is_open(one, closings([(one.at + 1, audit("retry-letter", ID, closes=one.place))]))
    assert not is_open(one, closings([(one.at + 1, audit("discard-letter", ID, closes=one.place))]))


def test_other_acts_and_other_entities_close_nothing() -> None:
    one = letter()
    others = [audit("reveal-letter", ID), audit("retry-letter", ID, entity_type="sku"), audit("retry-letter", "x-0-1")]

    assert is_open(one, closings((one.at + 1, other) for other in others))


def test_a_letter_that_comes_after_the_closed_one_is_open_even_if_its_audit_record_came_later() -> None:
    first, second = letter(0), letter(1)
    closed = closings([(second.at + 5, audit("retry-letter", ID, closes=first.place))])

    assert not is_open(first, closed)
    assert is_open(second, closed)


def test_letters_in_another_partition_are_compared_by_time() -> None:
    elsewhere = letter(1)._replace(place=Place("dead-letter.v1", 4, 0))
    closing = audit("retry-letter", ID, closes=LETTERS)

    assert is_open(elsewhere, closings([(elsewhere.at - 1, closing)]))
    assert not is_open(elsewhere, closings([(elsewhere.at, closing)]))


def test_the_newest_closing_counts_in_whatever_order_they_are_read() -> None:
    read = [
        (10, audit("retry-letter", ID, closes=Place("dead-letter.v1", 0, 0))),
        (20, audit("discard-letter", ID, closes=Place("dead-letter.v1", 0, 4))),
        (15, audit("retry-letter", ID, closes=Place("dead-letter.v1", 0, 2))),
    ]

    for order in permutations(read):
        assert closings(order)[ID] == Closing("discard-letter", 20, "operator", "", Place("dead-letter.v1", 0, 4))


names = st.text("abcdefgh_-", min_size=1, max_size=8).filter(lambda name: not name.startswith("dl_"))
headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=16)), max_size=6).map(tuple)


@given(key=st.none() | st.binary(max_size=20), value=st.binary(max_size=64), carried=headers)
def test_what_is_sent_again_is_what_came_byte_for_byte_with_one_header_more(
    key: bytes | None, value: bytes, carried: tuple[tuple[str, bytes | None], ...]
) -> None:
    read = letter_record(headers=carried, key=key, value=value)
    found = letter_of(read)
    assert found is not None

    original = original_of(found, read)

    assert (original.topic, original.key, original.value) == (STOCK, key, value)
    assert original.headers == (*carried, (RETRY_OF, ID.encode()))
    assert original.partition == (3 if key is None else None)


def test_a_tombstone_is_sent_again_as_one() -> None:
    read = letter_record(value=b"", told={"null_value": "true"})
    found = letter_of(read)
    assert found is not None

    assert original_of(found, read).value is None


def test_a_second_retry_names_the_second_letter_only() -> None:
    read = letter_record(headers=((RETRY_OF, b"older-0-1"), ("ce_id", b"1")))
    found = letter_of(read)
    assert found is not None

    assert original_of(found, read).headers == (("ce_id", b"1"), (RETRY_OF, ID.encode()))
    assert found.retry_of == "older-0-1"


@pytest.mark.parametrize("topic", ["audit.v1", "operator.control.v1", "dead-letter.v1", "somebody.elses.v1"])
def test_a_header_cannot_make_us_write_to_another_topic(topic: str) -> None:
    read = letter_record(origin=Place(topic, 0, 1))
    found = letter_of(read)
    assert found is not None

    with pytest.raises(NotRetriableError, match=r"is no topic that this application reads"):
        original_of(found, read)


def _kept(content: bytes, key: bytes = b"SKU-1") -> tuple[dict[str, str], bytes]:
    return {"file": "/nowhere/x.bin", "size": "3", "sha256": hashlib.sha256(content).hexdigest()}, key


def test_bytes_that_only_a_file_holds_are_checked_before_they_are_sent() -> None:
    told, key = _kept(b"abc")
    read = letter_record(value=None, key=key, told=told)
    found = letter_of(read)
    assert found is not None

    assert original_of(found, read, b"abc").value == b"abc"
    with pytest.raises(NotRetriableError, match="no longer holds the bytes"):
        original_of(found, read, b"abd")


def test_a_key_that_was_cut_is_not_sent_as_another_key() -> None:
    told, key = _kept(b"abc", b"k" * 1024)
    told["beside"] = "/nowhere/x.msgpack"
    read = letter_record(value=None, key=key, told=told)
    found = letter_of(read)
    assert found is not None

    with pytest.raises(NotRetriableError, match="its key and headers were too large"):
        original_of(found, read, b"abc")


def test_groups_hold_letters_of_one_cause_and_the_newest_comes_first() -> None:
    groups = LetterGroups()
    for number, location in enumerate(("WMS-07", "WMS-08")):
        groups.add(letter(number, reason="unknown-location", detail=f"location '{location}' of 'wms'"))
    groups.add(letter(5, reason="bad-sku", detail="SKU of 70 characters"))

    newest, older = groups.ordered()

    assert (newest.reason, newest.letters) == ("bad-sku", 1)
    assert (older.reason, older.letters, older.first, older.last) == ("unknown-location", 2, 1_000_000, 2_000_000)
    assert older.example.detail == "location 'WMS-08' of 'wms'"
