"""Which rule hits which request, and for how long."""

import json

import pytest

from simulators.core.faults import FaultBook


def _book(*rules: dict[str, object], seed: int = 7) -> FaultBook:
    book = FaultBook(seed=seed, vendor_options={"partial": frozenset({"rows"})})
    for rule in rules:
        book.add(json.dumps(rule).encode(), now=100.0)
    return book


def _kinds(book: FaultBook, count: int, *, now: float = 100.0) -> list[str | None]:
    return [book.pick("POST", "/x", now).name for _ in range(count)]


def test_a_rule_with_times_ends_after_so_many_hits_and_stays_listed() -> None:
    book = _book({"kind": "status", "times": 2})

    assert _kinds(book, 4) == ["status", "status", None, None]
    assert [(rule["hits"], rule["active"]) for rule in book.listing(100.0)] == [(2, False)]


def test_a_rule_with_seconds_ends_when_they_are_over() -> None:
    book = _book({"kind": "outage", "seconds": 5})

    assert _kinds(book, 1, now=104.9) == ["outage"]
    assert _kinds(book, 1, now=105.0) == [None]


def test_a_rule_covers_only_its_methods_and_paths() -> None:
    book = _book({"kind": "reset", "methods": ["POST"], "path": "source-items$"})

    assert book.pick("GET", "/V1/source-items", 100.0).rule is None
    assert book.pick("POST", "/V1/source-items-delete", 100.0).rule is None
    assert book.pick("POST", "/V1/source-items", 100.0).rule is not None


def test_a_rate_hits_about_that_share_and_the_same_ones_for_the_same_seed() -> None:
    first = _kinds(_book({"kind": "status", "rate": 0.3}), 1000)

    assert 240 < first.count("status") < 360
    assert first == _kinds(_book({"kind": "status", "rate": 0.3}), 1000)


def test_latencies_add_up_and_the_first_other_rule_decides() -> None:
    book = _book(
        {"kind": "latency", "delay_s": 0.5},
        {"kind": "status", "status": 503},
        {"kind": "latency", "delay_s": 9},
        {"kind": "reset"},
    )

    picked = book.pick("POST", "/x", 100.0)

    assert (picked.delay_s, picked.name) == (0.5, "status")
    assert [rule["hits"] for rule in book.listing(100.0)] == [1, 1, 0, 0]


def test_expire_sessions_acts_once_unless_told_otherwise() -> None:
    assert _kinds(_book({"kind": "expire-sessions"}), 2) == ["expire-sessions", None]
    assert _kinds(_book({"kind": "expire-sessions", "times": 2}), 3) == ["expire-sessions"] * 2 + [None]


def test_a_vendor_brings_kinds_of_its_own() -> None:
    picked = _book({"kind": "partial", "rows": 3}).pick("POST", "/x", 100.0)

    assert picked.rule is not None
    assert picked.rule.options == {"rows": 3}


def test_one_rule_or_all_can_be_removed() -> None:
    book = _book({"kind": "status"}, {"kind": "reset"})

    assert book.remove(1)
    assert not book.remove(1)
    assert _kinds(book, 1) == ["reset"]
    assert book.remove()
    assert _kinds(book, 1) == [None]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "meteor"},
        {"kind": "status", "rate": 1.5},
        {"kind": "status", "times": 0},
        {"kind": "status", "status": 42},
        {"kind": "status", "colour": "red"},
        {"kind": "status", "rows": 1},
        {"kind": "latency", "delay_s": -1},
        {"kind": "reset", "path": "("},
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is free, the refusal is the point
        _book(rule)
