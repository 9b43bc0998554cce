"""Versions, quantities, identities, reasons: the small values that everything else is made of."""

import hashlib
import itertools
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.derived_id import derived_id
from streams.domain.movements import Movement, MovementList, identity_of, rebase_identity
from streams.domain.quantities import from_decimal, round_down_to_shop, to_decimal
from streams.domain.reasons import ADVICE, DeadReason, IgnoreReason, ParkReason
from streams.domain.version import NOTHING_SEEN, Version
from tests.unit.streams.domain.ledger import stock_change

ANY_MICROS = st.integers(-(4 * 10**18), 4 * 10**18)

# ── versions ─────────────────────────────────────────────────────────────────────────────────────


def test_the_epoch_decides_before_the_counter() -> None:
    assert NOTHING_SEEN < Version(1, 9) < Version(2, 0) < Version(2, 1) < Version(2, 1).next()


def test_a_version_is_written_as_epoch_and_counter() -> None:
    assert str(Version(1_763_700_000, 7)) == "1763700000.7"
    assert Version(5, 7).next() == Version(5, 8)


# ── quantities ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (190_700_000, "190.7"),
        (0, "0"),
        (100_000_000, "100"),
        (10**18, "1000000000000"),
        (4 * 10**18 + 1, "4000000000000.000001"),
        (1, "0.000001"),
        (100, "0.0001"),
        (-1_500_000, "-1.5"),
        (1_000_000 * 10**6, "1000000"),
    ],
)
def test_a_quantity_is_written_exactly_and_never_with_an_exponent(micros: int, text: str) -> None:
    assert str(to_decimal(micros)) == text


@given(ANY_MICROS)
def test_a_quantity_survives_the_way_to_text_and_back(micros: int) -> None:
    text = str(to_decimal(micros))

    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)
    assert from_decimal(Decimal(text)) == micros


@given(ANY_MICROS)
def test_rounding_never_gives_more_than_there_is_nor_loses_a_whole_step(micros: int) -> None:
    shown = round_down_to_shop(micros)

    assert shown <= micros < shown + 100
    assert shown % 100 == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [("0.0000001", "more than six decimals"), ("1.0000005", "more than six decimals")]
    + [(text, "not a finite number") for text in ("NaN", "Infinity", "-Infinity", "sNaN")],
)
def test_a_decimal_that_micros_cannot_hold_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_decimal(Decimal(text))


# ── identities ───────────────────────────────────────────────────────────────────────────────────


def test_sequences_event_ids_and_rebases_never_share_an_identity() -> None:
    number = int.from_bytes(b"\0\0\0\0\0\0\0\x07", "big")
    found = {
        identity_of(stock_change(source_sequence=number)),
        identity_of(stock_change(source_sequence=-number)),
        identity_of(stock_change(source_sequence=None, event_id="7")),
        rebase_identity("7"),
    }

    assert len(found) == 4


def test_identities_have_the_form_that_is_stored() -> None:
    assert identity_of(stock_change(source_sequence=7)) == b"s\0\0\0\0\0\0\0\x07"
    assert identity_of(stock_change(event_id="a")) == b"e" + hashlib.blake2b(b"a", digest_size=15).digest()
    assert rebase_identity("a") == b"r" + hashlib.blake2b(b"a", digest_size=15).digest()


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_sequence_of_64_bits_has_an_identity(sequence: int) -> None:
    assert len(identity_of(stock_change(source_sequence=sequence))) == 9


@given(st.text(max_size=300).filter(lambda text: not re.search("[\ud800-\udfff]", text)))
def test_every_event_id_has_an_identity_of_bounded_size(event_id: str) -> None:
    assert len(identity_of(stock_change(source_sequence=None, event_id=event_id))) == 16


# ── movements in memory ──────────────────────────────────────────────────────────────────────────


def test_movements_are_kept_in_order_of_time_whatever_the_order_of_arrival() -> None:
    movements = [Movement(3, b"c", 30), Movement(1, b"a", 1), Movement(2, b"b", 5)]

    for order in itertools.permutations(movements):
        found = MovementList(order)

        assert found.up_to(2) == [Movement(1, b"a", 1), Movement(2, b"b", 5)]
        assert [[one.at for one in found.oldest(n)] for n in (1, 2, 3)] == [[1], [1, 2], [1, 2, 3]]
        assert [found.sum_after(at) for at in (0, 1, 2, 3)] == [36, 35, 30, 0]
        assert [found.first_after(at) for at in (0, 1, 3)] == [1, 2, None]


def test_the_oldest_movements_come_with_all_that_are_of_the_same_moment() -> None:
    found = MovementList([Movement(1, b"a", 1), Movement(1, b"b", 1), Movement(2, b"c", 5)])

    assert found.oldest(1) == [Movement(1, b"a", 1), Movement(1, b"b", 1)]


def test_a_movement_that_was_forgotten_is_not_known_any_more() -> None:
    found = MovementList([Movement(1, b"a", 1), Movement(2, b"b", 5)])

    found.forget([Movement(1, b"a", 1)])

    assert (found.has(b"a"), found.has(b"b"), len(found)) == (False, True, 1)


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────


def test_every_reason_for_a_dead_letter_says_what_a_person_can_do() -> None:
    assert set(ADVICE) == set(DeadReason)
    assert all(re.fullmatch(r"[A-Z].{20,110}[.?]", advice) for advice in ADVICE.values())


def test_reasons_are_labels_in_kebab_case_and_unique() -> None:
    reasons = [str(reason) for kind in (DeadReason, IgnoreReason, ParkReason) for reason in kind]

    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", reason) for reason in reasons)
    assert len(reasons) == len(set(reasons))


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────


def test_derived_ids_are_the_same_in_every_repeat_and_keep_their_parts_apart() -> None:
    assert derived_id("a", Version(1, 2)) == derived_id("a", "1.2")
    assert derived_id("a", "bc") != derived_id("ab", "c")
    assert derived_id("a") == hashlib.blake2b(b"a", digest_size=16).hexdigest()
