"""What each kind of answer means for the rows of a call."""

from pathlib import Path

import pytest

from connectors.core.errors import (
    LeaseLostError,
    MaskedFailureError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
)
from streams.domain.breaker import Breaker, BreakerState
from streams.domain.lane_rows import CHANGES, RowState
from streams.domain.reasons import DeadReason, ParkReason
from streams.topics import DEAD_LETTER
from tests.fakes.stock_target import Failure
from tests.unit.streams.sinks.lane import Lane, desired, lane, offset_of, turns

pytestmark = pytest.mark.anyio
SKUS = "ABCDEFGH"


async def fold_all(one: Lane, counter: int = 1, units: float = 5) -> None:
    """One snapshot of each SKU, in one batch."""
    for sku in SKUS:
        one.remember(sku, counter)
    await one.fold(*(desired(sku, counter, north=units) for sku in SKUS))


def states(one: Lane) -> dict[str, RowState]:
    """Of the rows that did not simply pass."""
    return {sku: one.row(sku).state for sku in SKUS if one.row(sku).state is not RowState.CLEAN}


# ── refused content ──────────────────────────────────────────────────────────────────────────────


async def test_one_row_that_is_refused_is_dead_and_the_rest_of_its_call_is_shown(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"F"}
        await fold_all(one)
        await one.at_rest(passing=0.5)

        assert states(one) == {"F": RowState.DEAD}
        assert {sku: one.shown(sku) for sku in SKUS} == {sku: None if sku == "F" else 5 for sku in SKUS}
        assert one.counts == {"applied": 7, "dead": 1}
        assert len(one.sent) == 7, "eight rows; EFGH, then EF, E, F and GH of the bad half; ABCD of the good one"


async def test_the_letter_holds_the_record_behind_the_refused_row(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"F"}
        await fold_all(one)
        await one.at_rest(passing=0.5)

        [record] = one.broker.log[DEAD_LETTER.name]
        [told] = one.letters
        assert (record.key, record.value) == (b"F", b"change of F")
        assert (told["reason"], told["detail"]) == (DeadReason.REJECTED, "north: F is refused")
        assert (told["topic"], told["offset"]) == (CHANGES, str(offset_of("F", 1)))


async def test_the_letter_is_in_the_log_before_the_row_is_settled(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"A"}
        one.remember("A", 1)
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()

        topics = [topic for topic, _records in one.broker.batches]
        letter = topics.index(DEAD_LETTER.name)
        assert topics[letter + 1] == one.rows.table.changelog
        assert b"A" in [record.key for record in one.broker.batches[letter][1]]


async def test_a_record_that_left_the_log_has_a_letter_that_says_where_it_lay(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()

        [record] = one.broker.log[DEAD_LETTER.name]
        [told] = one.letters
        assert (record.key, record.value, told["value_gone"], "null_value" in told) == (b"A", None, "true", False)
        assert (told["topic"], told["partition"], told["offset"]) == (CHANGES, "0", str(offset_of("A", 1)))
        assert one.row("A").state is RowState.DEAD
        assert [outcome.state for outcome in one.outcomes] == ["DEAD"]


async def test_the_next_version_of_a_dead_row_is_tried(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.refused_skus = {"A"}
        await one.fold(desired("A", 1, north=5))
        await one.at_rest()
        one.shop.refused_skus = set()

        await one.fold(desired("A", 2, north=6))
        await one.at_rest()

        assert (one.shown("A"), one.row("A").state) == (6, RowState.CLEAN)
        assert one.counts == {"applied": 1, "dead": 1}


async def test_an_answer_about_content_is_no_failure_of_the_target(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.extend([Failure(RejectedPayloadError("no", status=400))] * 5)
        for sku in "ABCDE":
            await one.fold(desired(sku, 1, north=1))
            await one.at_rest()

        assert (one.gate.breaker.state, one.gate.breaker.failures) == (BreakerState.CLOSED, 0)
        assert one.counts == {"dead": 5}


# ── masked failures ──────────────────────────────────────────────────────────────────────────────


async def test_a_masked_failure_that_passes_is_only_tried_again(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.extend([Failure(MaskedFailureError("Could not save"))] * 2)
        await fold_all(one)
        await one.at_rest(passing=0.1)

        assert (states(one), len(one.sent)) == ({}, 3)
        assert one.clock.slept[-2:] != one.clock.slept[-4:-2], "each wait is longer than the one before"


async def test_a_row_that_fails_alone_while_others_pass_waits_for_its_next_version(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.masked_skus = {"C"}
        await fold_all(one)
        await one.at_rest(passing=0.1)
        assert states(one) == {"C": RowState.PARKED}
        assert (one.row("C").reason, one.counts) == (ParkReason.REFUSED_ALONE, {"applied": 7, "parked": 1})
        assert one.letters == []
        assert [outcome.entity for outcome in one.outcomes if outcome.state == "PARKED"] == ["C"]
        one.shop.masked_skus = set()

        await one.fold(desired("C", 2, north=6))
        await one.at_rest()

        assert one.shown("C") == 6
        assert one.counts == {"applied": 8, "superseded": 1}


async def test_where_nothing_passes_the_target_is_at_fault_and_nothing_is_set_aside(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.masked_skus = set(SKUS)
        await fold_all(one)
        await one.until(lambda: one.gate.breaker.state is BreakerState.OPEN, passing=0.1)
        calls = len(one.sent)
        for _ in range(200):
            one.after(0.5)
            await turns()
        assert len(one.sent) - calls < 60, "it is left alone for longer and longer"
        assert set(states(one).values()) == {RowState.DIRTY}
        one.shop.masked_skus = set()

        await one.at_rest(passing=1)

        assert (states(one), one.counts) == ({}, {"applied": 8})
        assert one.gate.breaker == Breaker()


async def test_a_bad_row_is_found_also_in_the_first_call_after_an_outage(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.masked_skus = {"C"}
        one.shop.failures.extend([Failure(TargetUnavailableError("refused"))] * 3)
        one.shop.failures.append(Failure(UnauthorizedError("refused", status=401)))
        await fold_all(one)

        await one.at_rest(passing=0.1)

        assert states(one) == {"C": RowState.PARKED}
        assert one.gate.breaker == Breaker()


# ── the size of a call ───────────────────────────────────────────────────────────────────────────


async def test_a_shop_that_names_its_limit_is_sent_no_more_rows_than_that(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.most_rows = 3
        await fold_all(one)
        await one.at_rest(passing=0.1)

        assert [len(call) for call in one.sent] == [8, 3, 3, 2]
        assert (states(one), one.letters) == ({}, [])


async def test_rows_of_a_call_are_sorted_whatever_goes_first(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        await one.fold(*(desired(sku, 1, south=9, north=9) for sku in "BA"))
        await one.at_rest()

        await one.fold(desired("A", 2, south=9, north=8), desired("B", 2, south=0, north=9), desired("C", 1, north=1))
        await one.at_rest()

        assert [item.pair for item in one.shop.calls[-1]] == [("north", "A"), ("north", "C"), ("south", "B")]


# ── sources ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_row_at_a_source_that_the_shop_does_not_have_is_dead_before_any_call(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.remember("A", 1)
        await one.fold(desired("A", 1, north=5, nowhere=7))
        await one.at_rest()

        assert one.sent == [[("A", 5)]]
        assert one.row("A", "nowhere").reason == DeadReason.UNKNOWN_SOURCE
        assert one.letters[0]["detail"].startswith("nowhere: ")
        assert one.counts == {"applied": 1, "dead": 1}


async def test_a_source_that_was_created_meanwhile_is_found(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop._stocks["new"] = frozenset({1})
        one.after(31)
        await one.fold(desired("A", 1, new=5))
        await one.at_rest()

        assert one.shown("A", "new") == 5


async def test_where_the_shop_does_not_say_its_sources_every_code_passes(tmp_path: Path) -> None:
    made = Lane(tmp_path)
    made.shop.read_failures.append(RejectedPayloadError("not allowed", status=403))
    await made.open()
    await made.until(lambda: made.lane._learned)

    assert made.at.sources.known is None
    await made.fold(desired("A", 1, north=5))
    await made.at_rest()
    assert made.shown("A") == 5
    await made.close()


# ── the target as a whole ────────────────────────────────────────────────────────────────────────


async def test_a_refused_credential_waits_for_a_person_and_nothing_is_dead(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.extend([Failure(UnauthorizedError("refused", status=401))] * 3)
        await fold_all(one)
        await one.until(lambda: one.gate.breaker.state is BreakerState.NEEDS_OPERATOR)
        for _ in range(60):
            one.after(1)
            await turns()
        assert set(states(one).values()) == {RowState.DIRTY}
        assert len(one.sent) == 3, "one look every 30 s"
        assert (one.letters, one.counts, one.rows.open_intents()) == ([], {}, [])

        await one.at_rest(passing=5)

        assert (states(one), one.counts) == ({}, {"applied": 8})


async def test_a_shop_that_asks_for_fewer_calls_is_left_alone_for_as_long_as_it_says(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.append(Failure(RateLimitedError("slow down", retry_after=None)))
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.sent)
        for _ in range(49):
            one.after(0.1)
            await turns()
        assert len(one.sent) == 1

        await one.at_rest(passing=0.1)

        assert (len(one.sent), one.shown("A")) == (2, 5)
        assert one.gate.breaker.state is BreakerState.CLOSED


async def test_when_the_target_goes_down_between_two_halves_the_second_stays_due(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        down = Failure(TargetUnavailableError("refused"))
        one.shop.failures.extend([Failure(RejectedPayloadError("no", status=400)), down])
        await fold_all(one)
        await one.until(lambda: len(one.sent) == 2)
        await turns(20)
        assert [len(call) for call in one.sent] == [8, 4]
        assert set(states(one).values()) == {RowState.DIRTY}

        await one.at_rest(passing=1)

        assert (states(one), one.letters) == ({}, [])


async def test_a_call_that_the_lease_refuses_leaves_its_intent_for_the_next_owner(tmp_path: Path) -> None:
    async with lane(tmp_path) as one:
        one.shop.failures.append(Failure(LeaseLostError("generation 1 is over")))
        await one.fold(desired("A", 1, north=5))
        await one.until(lambda: one.sent)
        await turns(20)
        assert len(one.rows.open_intents()) == 1

        await one.at_rest(passing=5)

        assert (len(one.sent), one.shown("A"), one.rows.open_intents()) == (2, 5, [])
