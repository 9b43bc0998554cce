import msgspec
import pytest

from schemas.models.source_item import StockPair
from streams.domain.differences import Difference, Example
from streams.domain.lane_rows import Shown
from streams.domain.what_if import (
    SentLetter,
    SentRow,
    SentWord,
    Word,
    difference_of,
    letter_key,
    row_key,
    word_key,
    written,
)

UNIT = 1_000_000
ROW = row_key(StockPair("east", "PUMP-200"))
LETTER = letter_key("wms.stock-change.v1", 3, 120)
WORD = word_key(Word("alert ZERO", "PUMP-200", "east", "0"))


def _bytes(note: msgspec.Struct | None) -> bytes | None:
    return None if note is None else msgspec.msgpack.encode(note)


def _found(key: bytes, before: msgspec.Struct | None, after: msgspec.Struct | None) -> Difference | None:
    return difference_of(key, _bytes(before), _bytes(after))


@pytest.mark.parametrize(
    ("before", "after", "kind", "old", "new"),
    [
        (None, SentRow(2 * UNIT, in_stock=True), "row-new", None, "2 in stock, 1 write"),
        (SentRow(0, in_stock=False, writes=3), None, "row-gone", "0 out of stock, 3 writes", None),
        (
            SentRow(UNIT, in_stock=True),
            SentRow(1_500_000, in_stock=True),
            "quantity",
            "1 in stock, 1 write",
            "1.5 in stock, 1 write",
        ),
        (
            SentRow(UNIT, in_stock=True),
            SentRow(UNIT, in_stock=False),
            "status",
            "1 in stock, 1 write",
            "1 out of stock, 1 write",
        ),
        (
            SentRow(UNIT, in_stock=True, way=b"1"),
            SentRow(UNIT, in_stock=True, way=b"2"),
            "on-the-way",
            "1 in stock, 1 write",
            "1 in stock, 1 write",
        ),
    ],
)
def test_a_row_differs_by_its_end_first_and_then_by_its_way(
    before: SentRow | None, after: SentRow | None, kind: str, old: str | None, new: str | None
) -> None:
    assert _found(ROW, before, after) == Difference(kind, "east", Example("PUMP-200", "east", old, new))


@pytest.mark.parametrize(
    ("before", "after", "kind", "about"),
    [
        (None, SentLetter("unknown-unit", "A"), "letter-new", "unknown-unit"),
        (SentLetter("unknown-unit", "A"), None, "letter-gone", "unknown-unit"),
        (
            SentLetter("unknown-unit", "A"),
            SentLetter("unknown-location", "A"),
            "letter-reason",
            "unknown-unit → unknown-location",
        ),
    ],
)
def test_a_letter_is_named_by_its_record_and_grouped_by_its_reason(
    before: SentLetter | None, after: SentLetter | None, kind: str, about: str
) -> None:
    found = _found(LETTER, before, after)

    assert found is not None
    assert (found.kind, found.about) == (kind, about)
    assert (found.example.name, found.example.place) == ("A", "wms.stock-change.v1-3-120")
    reasons = (found.example.before, found.example.after)
    assert reasons == (before and before.reason, after and after.reason)


@pytest.mark.parametrize(
    ("before", "after", "kind", "old", "new"),
    [
        (None, SentWord(1), "told-new", None, "0 × 1"),
        (SentWord(2), None, "told-gone", "0 × 2", None),
        (SentWord(2), SentWord(1), "told-times", "0 × 2", "0 × 1"),
    ],
)
def test_a_word_to_others_differs_by_how_often_it_is_said(
    before: SentWord | None, after: SentWord | None, kind: str, old: str | None, new: str | None
) -> None:
    found = _found(WORD, before, after)

    assert found == Difference(kind, "alert ZERO", Example("PUMP-200", "east", old, new))


def test_a_request_without_a_value_says_only_how_often() -> None:
    found = _found(word_key(Word("recount TIE", "A", "W1 ON_HAND", "")), None, SentWord(4))

    assert found is not None
    assert found.example.after == "× 4"


@pytest.mark.parametrize("key", [ROW, LETTER, WORD])
def test_two_equal_notes_are_no_difference(key: bytes) -> None:
    assert _found(key, SentRow(1, in_stock=True), SentRow(1, in_stock=True)) is None


def test_each_write_counts_and_the_last_value_stands() -> None:
    first = written(None, Shown(3 * UNIT, in_stock=True), b"x")
    second = written(first, Shown(0, in_stock=False), b"y")

    assert first == SentRow(3 * UNIT, in_stock=True, writes=1, way=b"x")
    assert second == SentRow(0, in_stock=False, writes=2, way=b"y")
