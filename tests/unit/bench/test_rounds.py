"""Rounds are interleaved, and one in which the machine changed its pace counts for nobody."""

from collections.abc import Iterator

from bench.rounds import Rounds, Sample, interleaved

STEADY = [1.0] * 20


class Contestants:
    """Notes who ran when."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, int]] = []

    def ours(self, attempt: int) -> Sample:
        self.ran.append(("ours", attempt))
        return {"per_s": 100.0 + attempt}

    def theirs(self, attempt: int) -> Sample:
        self.ran.append(("theirs", attempt))
        return {"per_s": 50.0}


def run(count: int, paces: list[float], *, keep_all: bool = False) -> tuple[Contestants, Rounds]:
    measured: Iterator[float] = iter(paces)
    who = Contestants()
    found = interleaved(
        {"ours": who.ours, "theirs": who.theirs},
        count=count,
        say=lambda _: None,
        keep_all=keep_all,
        measure=lambda: next(measured),
    )
    return who, found


def test_contenders_take_turns() -> None:
    who, _ = run(2, STEADY)

    assert who.ran == [("ours", 0), ("theirs", 0), ("ours", 1), ("theirs", 1)]


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    _, found = run(3, STEADY)

    assert found.ratio("ours", "theirs", "per_s") == 101 / 50
    assert found.figures("ours") == {"per_s": 101.0, "per_s_least": 100.0, "per_s_greatest": 102.0}


def test_a_round_in_which_the_pace_changed_is_thrown_away_and_run_again() -> None:
    who, found = run(2, [1.0, 1.0, 1.0, 1.2, 1.0, 1.05])

    assert [attempt for name, attempt in who.ran if name == "ours"] == [0, 1, 2]
    assert found.values("ours", "per_s") == [100.0, 102.0]
    rounding = found.rounding("ours")
    assert (rounding.kept, rounding.discarded, rounding.drift, rounding.rejected) == (2, 1, 0.05, (0.2,))


def test_on_a_restless_machine_the_calmest_rounds_fill_up_what_is_missing_and_are_counted() -> None:
    who, found = run(2, [1.0, 2.0, 1.0, 1.5, 1.0, 1.0, 1.0, 1.2])

    assert [attempt for name, attempt in who.ran if name == "ours"] == [0, 1, 2, 3]
    assert found.values("ours", "per_s") == [102.0, 103.0]
    rounding = found.rounding("ours")
    assert (rounding.kept, rounding.discarded, rounding.restless) == (2, 2, 1)
    assert (rounding.drift, rounding.rejected) == (0.2, (0.5, 1.0))


def test_a_check_of_the_harness_keeps_every_round() -> None:
    _, found = run(1, [1.0, 9.0], keep_all=True)

    assert found.rounding("ours").kept == 1
