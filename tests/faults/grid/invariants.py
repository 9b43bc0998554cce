"""I1 to I13 on the stock flow: each says what it saw, or raises AssertionError with what broke it.

They read logs, the shop's journal and samples that were taken meanwhile; they ask no worker how it is doing.
"""

from collections.abc import Callable, Mapping

from streams.domain.stock_entry import StockEntry
from tests.faults import checks
from tests.faults.grid import journal, letters, logs, replayed
from tests.faults.grid.kinds import Claim
from tests.faults.grid.run import Run
from tests.processes import until

SETTLED_S = 120
"""What was unknown is looked up within its settle time; only then the shop can be right."""
UNSENT_S = 15.0
"""Window (0.2 s), calls before it, one answer, and a machine that has other work of the run itself."""
BEHIND_S = 10.0
STOP_S = 35
MEMORY = 400 << 20
Check = Callable[[Run, Claim], str]


def nothing_lost(run: Run, _claim: Claim) -> str:
    run.system.wait_equal(within=SETTLED_S)
    return f"{len(run.system.wms.truth().shown)} pairs equal"


def nothing_twice(run: Run, _claim: Claim) -> str:
    """A value may be sent again where nobody told that it is there: no answer, or the lane went to another worker."""
    rows, repeats = journal.repeats(run.system)
    openings = logs.lane_openings(run.system)
    unexplained = [one for one in repeats if not any(one.answered_at < at < one.again_at for at in openings)]
    assert not unexplained, f"{len(unexplained)} rows were sent again after their answer, first {unexplained[0]}"
    return f"{rows} rows written, {len(repeats)} again after a take-over"


def versions_rise(run: Run, _claim: Claim) -> str:
    written, again, fallen = logs.versions(run.system)
    assert not fallen, f"{len(fallen)} versions fell, first {fallen[0]}"
    return f"{written} versions, {again} of them decided again after a lost answer"


def one_in_flight(run: Run, _claim: Claim) -> str:
    pairs, found = journal.overlapping(run.system)
    assert not found, f"{len(found)} times two calls for one pair, first {found[0][0]} at {found[0][2].at}"
    return f"{pairs} pairs"


def table_is_replay(run: Run, _claim: Claim) -> str:
    wanted = replayed.replayed(run.system, run.system.folder)
    held = replayed.held(run.system)
    wrong = [sku for sku in wanted.keys() | held.keys() if _differ(wanted, held, sku)]
    assert not wrong, f"{len(wrong)} entries differ, first {wrong[0]}: {held.get(wrong[0])} != {wanted.get(wrong[0])}"
    return f"{len(held)} entries"


def _differ(wanted: Mapping[str, StockEntry], held: Mapping[str, StockEntry], sku: str) -> bool:
    return sku not in wanted or sku not in held or replayed.same(wanted[sku]) != replayed.same(held[sku])


def all_accounted(run: Run, _claim: Claim) -> str:
    check = checks.check_rebuilt_accounting if run.counts_began_anew else checks.check_accounting
    found = check(run.system)
    names = ("accepted", "ignored", "dead")
    return ", ".join(f"{found[f'stock-ledger:{checks.STOCK}/{name}']} {name}" for name in names)


def no_early_commit(run: Run, _claim: Claim) -> str:
    looked, early = logs.early_commits(run.system, run.watch.samples)
    assert looked, "no commit was looked at"
    assert not early, f"{len(early)} early, first {early[0]}"
    return f"{looked} commits"


def nothing_unsent(run: Run, claim: Claim) -> str:
    """With a fault that may delay, only that all was sent; how long it took is told."""
    longest = journal.delays(run.system, run.begun_at)
    assert longest, "nothing was sent"
    seconds, pair = longest[0]
    assert claim is Claim.LATER or seconds <= UNSENT_S * run.patience, f"{pair} waited {seconds:.1f} s"
    return f"longest {seconds:.1f} s"


def bounded(run: Run, _claim: Claim) -> str:
    most = max((most for sample in run.watch.samples for most in sample.resident.values()), default=0)
    assert most, "no worker was looked at"
    assert most <= MEMORY, f"a worker took {most >> 20} MiB"
    return f"at most {most >> 20} MiB"


def poison_blocks_nobody(run: Run, claim: Claim) -> str:
    waited = logs.behind_poison(run.system)
    assert waited, "no record came behind a poison record"
    assert claim is Claim.LATER or waited[0] <= BEHIND_S * run.patience, (
        f"a record behind poison waited {waited[0]:.1f} s"
    )
    return f"{len(waited)} records, longest {waited[0]:.1f} s"


def letters_are_lossless(run: Run, _claim: Claim) -> str:
    retried = letters.retried_twice(run.system)
    reasons = checks.check_dead_letters(run.system)
    return f"{sum(reasons.values())} letters by {len(reasons)} reasons, {retried} retried twice"


def stop_is_clean(run: Run, _claim: Claim) -> str:
    """SIGTERM ends every worker with 0, and one that starts then has nothing to send."""
    workers = run.workers
    codes = {worker.name: worker.stop(STOP_S) for worker in workers}
    assert not any(codes.values()), f"exit codes {codes}"
    before = len(journal.calls(run.system))
    again = run.system.worker("again").wait_ready()
    until(lambda: again.facts()["lane"] is not None, within=30, what="the lane is open again")
    until(lambda: run.system.lag() == 0, within=30, what="nothing is left in the log")
    after = len(journal.calls(run.system))
    assert after == before, f"{after - before} calls were made again after a clean stop"
    return f"{len(workers)} ended with 0, nothing was sent again"


def done_in_time(run: Run, _claim: Claim) -> str:
    codes = run.supervisor.codes
    ended = f"; {codes.total()} times a worker ended by its own fault and was started again" if codes else ""
    return f"all was read{ended}"


CHECKS: Mapping[str, Check] = {
    "I1": nothing_lost,
    "I2": nothing_twice,
    "I3": versions_rise,
    "I4": one_in_flight,
    "I5": table_is_replay,
    "I6": all_accounted,
    "I7": no_early_commit,
    "I8": nothing_unsent,
    "I9": bounded,
    "I10": poison_blocks_nobody,
    "I11": letters_are_lossless,
    "I12": stop_is_clean,
    "I13": done_in_time,
}
