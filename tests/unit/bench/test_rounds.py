"""Rounds are interleaved, and it is told in which of them the machine changed its pace."""

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


def run(count: int, paces: list[float]) -> tuple[Contestants, Rounds]:
    measured: Iterator[float] = iter(paces)
    who = Contestants()
    found = interleaved(
        {"ours": who.ours, "theirs": who.theirs},
        count=count,
        say=lambda _: None,
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


def test_rounds_in_which_the_pace_changed_count_and_are_told() -> None:
    _, found = run(3, [1.0, 1.0, 1.0, 1.2, 1.0, 1.05])

    assert found.values("ours", "per_s") == [100.0, 101.0, 102.0]
    rounding = found.rounding()
    assert (rounding.count, rounding.restless, rounding.drift) == (3, 1, 0.2)
