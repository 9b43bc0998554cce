"""The target fails: it refuses, slows down, answers wrongly, or does what was asked and says nothing."""

from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until

ASKED_S = 4.0
"""Seconds that the target asks a client to wait."""


def _set(run: Run, **rule: object) -> int:
    run.live()
    return run.system.struck.fault(**rule)


def _bitten(run: Run, rule: int, least: int = 1, within: float = 30) -> int:
    until(lambda: run.system.struck.hits(rule) >= least, within=within, what=f"fault {rule} hits {least} live calls")
    return run.system.struck.hits(rule)


def refusals(run: Run) -> list[Hit]:
    """5 % of the calls fail, then half, then all for some seconds."""
    found = []
    for status, rate, least in ((500, 0.05, 1), (502, 0.5, 3), (503, 1.0, 3)):
        rule = _set(run, kind="status", status=status, rate=rate)
        found.append(Hit(f"answers {status} at {rate:.0%}", _bitten(run, rule, least, 60)))
        run.system.struck.heal()
    return found


def too_many(run: Run) -> list[Hit]:
    """429 with seconds, with a date in the past, with nonsense, and without a word."""
    found = []
    for asked in ("4", "Sat, 01 Jan 2000 00:00:00 GMT", "soon", None):
        rule = _set(run, kind="status", status=429, retry_after=asked, times=2)
        found.append(Hit(f"429 with Retry-After {asked}", _bitten(run, rule, 2, 60)))
    early = _called_before_allowed(run) if run.system.one_writer else 0
    assert not early, f"{early} calls came before the time that was asked for"
    return found


def _called_before_allowed(run: Run) -> int:
    """Of each target: of the two answers that named seconds, calls that came within them."""
    early = 0
    for journal in run.system.struck.journals().values():
        requests = [one for one in journal if one["kind"] == "request"]
        refused = [one["ended_at"] for one in requests if one["status"] == 429][:2]
        early += sum(at < one["at"] < at + ASKED_S - 0.1 for at in refused for one in requests)
    return early


def slow(run: Run) -> list[Hit]:
    """Slow answers, answers that never come, halves of answers, connections that close."""
    found = []
    for name, least, rule in (
        ("slow answers", 4, {"kind": "latency", "delay_s": 0.5}),
        ("answers that never came", 1, {"kind": "hang", "delay_s": 20, "times": 2}),
        ("halves of answers", 2, {"kind": "half-body", "times": 2}),
        ("closed connections", 3, {"kind": "reset", "times": 3}),
    ):
        number = _set(run, **rule)
        found.append(Hit(name, _bitten(run, number, least, within=60)))
        run.system.struck.heal()
    return found


def lost_answers(run: Run) -> list[Hit]:
    """The target does what it was asked and closes the connection; twice it does so seconds later."""
    dropped = _set(run, kind="drop-answer", times=4)
    found = [Hit("effects whose answer was lost", _bitten(run, dropped, 4, 60))]
    late = _set(run, kind="late-effect", times=2, delay_s=2.5)
    return [*found, Hit("effects that came seconds after the connection was closed", _bitten(run, late, 2, 60))]


ALL = (
    Nemesis("N9", "target 5xx", "the target answers 500, 502 and 503 at 5, 50 and 100 %", refusals, trade_s=30),
    Nemesis("N10", "target 429", "the target asks for patience, in four ways", too_many, trade_s=30),
    Nemesis("N11", "slow target", "the target is slow, silent, or breaks off", slow, trade_s=45, per_s=100),
    Nemesis("N12", "accept, then drop", "the target does it and the answer is lost", lost_answers, trade_s=30),
)
