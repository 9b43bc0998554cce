"""Do the shop and the ledger agree, and how fresh is that proof?  Without a young proof it is not known."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from streams.domain.stock_statement import WRONG
from streams.web.envelope import Envelope, State
from streams.web.memory import lane_of
from streams.web.reconcile_facts import DriftFact, FindingFact, ReconcileFact, RunFact
from streams.web.situation import Situation
from streams.web.words import MICROS, age, ago, count, many, moment, moment_or_none, seconds_since, span

FULL, WINDOW, RESERVATIONS = "full", "window", "reservations"
TITLES = {
    "missing": "Missing at the shop",
    "stale": "Stale: our last write is lost",
    "foreign-edit": "Edited by somebody else",
    "orphan": "Orphan: no record of ours",
}
RESERVED = {
    "deducted-twice": "Deducted twice: an open order counts double",
    "not-compensated": "Not compensated: an order's reservation is open still",
    "not-reserved": "Not reserved: goods of an order may be sold again",
    "unexplained": "Unexplained: no single order makes the difference",
    "negative": "Negative: more is promised than is there",
}
DAY_S = 86_400
SHORTEST_S = 0.1
_ENDED = {"failed": "failed", "stopped": "was stopped", "refused": "was refused"}
_ENDED_BADLY = tuple(_ENDED)


class KindLine(msgspec.Struct, frozen=True):
    """One kind of drift, as the newest proof found it."""

    kind: str
    title: str
    found: int
    repaired: int
    open: int


class DriftLine(msgspec.Struct, frozen=True):
    """One pair that differs, with the way to its story."""

    kind: str
    title: str
    sku: str
    source: str
    ours: str
    theirs: str
    at: datetime
    repaired: bool
    href: str


class ReservationLine(msgspec.Struct, frozen=True):
    """Reservations of one SKU in one stock that are wrong, with what explains them and what sets them right."""

    kind: str
    title: str
    sku: str
    stock_id: int
    salable: str
    available: str
    reserved: str
    expected: str
    difference: str
    certainty: str
    orders: tuple[str, ...]
    compensation: str
    at: datetime
    href: str


class ReservationView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest run about reservations that came to its end; `state` unknown where there is none."""

    state: State = "unknown"
    word: str = "Not compared"
    sentence: str = "no run about reservations has come to its end yet"
    refusal: str = ""
    at: str = ""
    """When it comes by itself; empty where it does not."""
    kinds: tuple["KindLine", ...] = ()
    findings: tuple[ReservationLine, ...] = ()
    total: int = 0


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run, for people."""

    run: str
    scope: str
    by: str
    state: str
    icon: State
    word: str
    why: str
    started_at: datetime
    seconds: float
    took: str
    expected: int
    listed: int
    compared: int
    agree: int
    unsettled: int
    set_aside: int
    calls: int
    found: int
    repaired: int
    kinds: tuple[KindLine, ...]


class ReconcileView(msgspec.Struct, frozen=True, kw_only=True):
    """`refusal` says why no run may begin now; `owner` is who has the lane."""

    state: State
    headline: str
    sentence: str
    owner: str | None
    refusal: str
    policy: tuple[str, ...]
    every: str
    """Empty where no windows come by themselves."""
    full_at: str
    next_full: datetime | None
    next_window: datetime | None
    kinds: tuple[KindLine, ...] = ()
    runs: tuple[RunLine, ...] = ()
    drift: tuple[DriftLine, ...] = ()
    drift_total: int = 0
    reservations: ReservationView = ReservationView()
    reservations_refusal: str = ""
    statements: int = 0
    """Of warehouses, compared with the ledger since the workers began."""
    statements_differ: int = 0


def reconciliation(at: Situation) -> Envelope[ReconcileView]:
    """Of the worker with the stock lane; unknown where it does not answer."""
    found = lane_of(at.fleet)
    owner = None if found is None else found[0]
    facts = None if owner is None else owner.reconciliation
    view = _nobody() if owner is None or facts is None else _known(facts, owner.url, at.now, owner.started_at)
    told = Counter[str]()
    for worker in at.fleet.answered:
        told.update(worker.statements)
    wrong = sum(told[finding] for finding in WRONG)
    view = msgspec.structs.replace(view, statements=told.total(), statements_differ=wrong)
    return Envelope(moment(at.now), at.fleet.own.worker, view.state, view, at.fleet.workers)


_SILENT = "no worker that answered has the stock lane; `commerce-streams status` says who is silent"


def _nobody() -> ReconcileView:
    return ReconcileView(
        state="unknown",
        headline="Agreement is not known",
        sentence="No worker that answered has the stock lane, and only that one can compare. "
        "`commerce-streams status` says who is silent.",
        owner=None,
        refusal=_SILENT,
        reservations_refusal=_SILENT,
        policy=(),
        every="",
        full_at="",
        next_full=None,
        next_window=None,
    )


def _known(facts: ReconcileFact, owner: str, now: int, since: int) -> ReconcileView:
    full, window = _done(facts, FULL), _done(facts, WINDOW)
    proofs = [run for run in (full, window) if run is not None and (run is full or _is_newer(run, full))]
    state, headline, sentence = _verdict(facts, full, proofs, now, since)
    reserved = _reservations(facts, now)
    if state == "ok" and reserved.total:
        state, headline = "attention", f"Reservations of {many(reserved.total, 'pair')} of stock and SKU are wrong"
    return ReconcileView(
        state=state,
        headline=headline,
        sentence=sentence,
        owner=owner,
        refusal=facts.refusal,
        policy=facts.repair,
        every=span(facts.every_s) if facts.every_s else "",
        full_at=facts.full_at,
        next_full=moment_or_none(facts.next_at.get(FULL)),
        next_window=moment_or_none(facts.next_at.get(WINDOW)),
        kinds=_kinds(proofs) if proofs else (),
        runs=tuple(_run_line(run, now) for run in facts.runs),
        reservations=reserved,
        reservations_refusal=facts.reservations_refusal,
        drift=tuple(_drift_line(one) for run in proofs for one in run.drift),
        drift_total=sum(_found(run) for run in proofs),
    )


def _done(facts: ReconcileFact, scope: str) -> RunFact | None:
    return next((run for run in facts.runs if (run.scope, run.state) == (scope, "done")), None)


def _is_newer(run: RunFact, full: RunFact | None) -> bool:
    return full is None or run.ended_at > full.ended_at


def _found(run: RunFact) -> int:
    return sum(run.found.values())


def _open(run: RunFact) -> int:
    return _found(run) - sum(run.repaired.values())


def _verdict(
    facts: ReconcileFact, full: RunFact | None, proofs: Sequence[RunFact], now: int, since: int
) -> tuple[State, str, str]:
    """State, headline, sentence."""
    still_open = sum(map(_open, proofs))
    found = sum(map(_found, proofs))
    after = _what_next(facts, now)
    if still_open:
        pairs = many(still_open, "pair") if full is None else f"{count(still_open)} of {count(full.compared)} pairs"
        told = f"{pairs} of source and SKU {'differs' if still_open == 1 else 'differ'}"
        mended = f" {many(found - still_open, 'pair')} more were repaired." if found > still_open else ""
        return "attention", told, f"{_trouble(facts, now)}Proof of {_ages(proofs, now)}.{mended}{after}"
    if full is None or seconds_since(full.ended_at, now) > 2 * DAY_S:
        old = "no full run has come to its end" if full is None else f"the last full run is {_age(full, now)} old"
        runs_for = f", and the worker with the lane runs for {age(seconds_since(since, now))}" if full is None else ""
        return (
            "unknown",
            "Agreement is not known",
            f"{_trouble(facts, now)}{old[:1].upper()}{old[1:]}{runs_for}.{after}",
        )
    mended = f"{many(found, 'pair')} differed and {'was' if found == 1 else 'were'} repaired." if found else ""
    head = f"{count(full.agree)} of {count(full.compared)} pairs agree"
    took = _took((full.ended_at - full.started_at) / MICROS)
    told = f"Checked {ago(seconds_since(full.ended_at, now))} in {took} with {many(full.calls, 'call')}. "
    return "ok", head, f"{told}{mended or 'No repair was needed.'}{after}"


def _trouble(facts: ReconcileFact, now: int) -> str:
    """Why the newest full run gives no proof, where there is one."""
    newest = next((run for run in facts.runs if run.scope == FULL), None)
    if newest is None or newest.state not in _ENDED_BADLY:
        return ""
    share = f" at {round(100 * newest.compared / newest.expected)} %" if newest.expected else ""
    return f"The full run of {ago(seconds_since(newest.started_at, now))} {_ENDED[newest.state]}{share}: {newest.why}. "


def _what_next(facts: ReconcileFact, now: int) -> str:
    running = next((run for run in facts.runs if run.state == "running"), None)
    if running is not None:
        return f" A {running.scope} run is under way: {count(running.compared)} of {count(running.expected)} pairs."
    due = facts.next_at.get(FULL)
    if due is None:
        return " No full run comes by itself; begin one here or with `commerce-streams reconcile stock`."
    return f" The next full run begins in {age(max(0.0, (due - now) / MICROS))}."


def _took(seconds: float) -> str:
    """0 s would say that nothing was done."""
    return span(seconds) if seconds >= SHORTEST_S else f"less than {span(SHORTEST_S)}"


def _ages(proofs: Sequence[RunFact], now: int) -> str:
    return " and ".join(f"{ago(seconds_since(run.ended_at, now))} ({run.scope})" for run in proofs)


def _age(run: RunFact, now: int) -> str:
    return age(seconds_since(run.ended_at, now))


def _reservations(facts: ReconcileFact, now: int) -> ReservationView:
    run = _done(facts, RESERVATIONS)
    view = ReservationView(refusal=facts.reservations_refusal, at=facts.reservations_at)
    if run is None:
        return view
    found = _found(run)
    told = f"{count(run.agree)} of {many(run.compared, 'pair')} of stock and SKU agree, {_age(run, now)} ago"
    return msgspec.structs.replace(
        view,
        state="attention" if found else "ok",
        word=f"{many(found, 'pair')} wrong" if found else "All agree",
        sentence=told,
        kinds=_kinds([run]),
        findings=tuple(map(_reservation_line, run.findings)),
        total=found,
    )


def _reservation_line(one: FindingFact) -> ReservationLine:
    at_least = "at least " if one.is_bound else ""
    return ReservationLine(
        kind=one.kind,
        title=RESERVED.get(one.kind, one.kind),
        sku=one.sku,
        stock_id=one.stock_id,
        salable=one.salable,
        available=one.available,
        reserved=at_least + one.reserved,
        expected=one.expected,
        difference=at_least + one.difference,
        certainty=one.certainty,
        orders=tuple(f"{made.order_number} ({made.quantity}) {made.how}" for made in one.candidates),
        compensation=one.compensation,
        at=moment(one.at),
        href=f"/stock?sku={quote(one.sku, safe='')}&ask=1",
    )


def _kinds(proofs: Sequence[RunFact]) -> tuple[KindLine, ...]:
    lines = []
    titles = RESERVED if any(run.scope == RESERVATIONS for run in proofs) else TITLES
    for kind, title in titles.items():
        found = sum(run.found.get(kind, 0) for run in proofs)
        repaired = sum(run.repaired.get(kind, 0) for run in proofs)
        lines.append(KindLine(kind, title, found, repaired, found - repaired))
    return tuple(lines)


def _run_line(run: RunFact, now: int) -> RunLine:
    seconds = ((run.ended_at or now) - run.started_at) / MICROS
    icon: State = "ok" if run.state == "done" else "stopped" if run.state in _ENDED_BADLY else "unknown"
    if run.state == "done" and _found(run):
        icon = "attention"
    return RunLine(
        run=run.run,
        scope=run.scope,
        by=run.by,
        state=run.state,
        icon=icon,
        word=run.state,
        why=run.why,
        started_at=moment(run.started_at),
        seconds=seconds,
        took=_took(seconds),
        expected=run.expected,
        listed=run.listed,
        compared=run.compared,
        agree=run.agree,
        unsettled=run.unsettled,
        set_aside=run.set_aside,
        calls=run.calls,
        found=_found(run),
        repaired=sum(run.repaired.values()),
        kinds=_kinds([run]),
    )


def _drift_line(one: DriftFact) -> DriftLine:
    return DriftLine(
        kind=one.kind,
        title=TITLES.get(one.kind, one.kind),
        sku=one.sku,
        source=one.source_code,
        ours=one.ours or "no row",
        theirs=one.theirs or "not there",
        at=moment(one.at),
        repaired=one.repaired,
        href=f"/stock?sku={quote(one.sku, safe='')}&ask=1",
    )
