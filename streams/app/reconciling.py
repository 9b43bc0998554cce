"""Between the comparison with the shop and the outside: a person's order in, facts for the pages out."""

import msgspec

from schemas.models.operations import OperatorControl
from streams.domain import reservation_candidates, reservations
from streams.domain.drift import KINDS, Drift, Verdict
from streams.domain.quantities import to_decimal
from streams.domain.reconciliation import Request, Run, Scope
from streams.domain.reservations import Finding
from streams.runtime.control import RECONCILE, STOCK, key_of
from streams.runtime.logs import logger
from streams.sinks.reconciliation import Reconciliation, text_of
from streams.web.reconcile_facts import LISTED, CandidateFact, DriftFact, FindingFact, ReconcileFact, RunFact

KEY = key_of(RECONCILE, STOCK)
TOO_OLD = 60_000_000
"""µs: an order is one run, now; nobody is surprised by one that was asked for while the lane was elsewhere."""
_LOG = logger("streams.reconciliation")


def ordered(reconciliation: Reconciliation, order: OperatorControl, now: int) -> None:
    """A standing order of this key asks for one run; a repeat of it is the same run."""
    if order.key != KEY or now - order.at > TOO_OLD:
        return
    try:
        asked = msgspec.json.decode(order.value, type=Request)
    except msgspec.MsgspecError as error:
        _LOG.warning("order-unreadable", key=order.key, error=str(error)[:200])
        return
    if not any(run.request.run == asked.run for run in reconciliation.runs):
        reconciliation.ask(msgspec.structs.replace(asked, by=order.actor))


def reconcile_fact(reconciliation: Reconciliation) -> ReconcileFact:
    """The newest run of each scope with its first differences; the others without."""
    rules = reconciliation.rules
    newest = {scope: next((run for run in reconciliation.runs if run.request.scope is scope), None) for scope in Scope}
    done = {scope: reconciliation.last(scope) for scope in Scope}
    listed = {id(run) for run in (*newest.values(), *done.values()) if run is not None}
    return ReconcileFact(
        refusal=reconciliation.refusal(),
        reservations_refusal=reconciliation.refusal(Scope.RESERVATIONS),
        reservations_at="" if rules.reservations_at is None else f"{rules.reservations_at:%H:%M}",
        every_s=rules.every.total_seconds(),
        full_at="" if rules.full_at is None else f"{rules.full_at:%H:%M}",
        repair=tuple(sorted(rules.repair)),
        next_at={str(scope): int(at.timestamp() * 1_000_000) for scope, at in reconciliation.next_at.items()},
        runs=tuple(run_fact(run, LISTED if id(run) in listed else 0) for run in reconciliation.runs),
    )


def run_fact(run: Run, most: int) -> RunFact:
    return RunFact(
        run=run.request.run,
        scope=str(run.request.scope),
        by=run.request.by,
        state=str(run.state),
        why=run.why,
        started_at=run.started_at,
        ended_at=run.ended_at,
        expected=run.expected,
        listed=run.listed,
        compared=run.compared,
        agree=run.looks[Verdict.AGREES],
        unsettled=run.looks[Verdict.UNSETTLED],
        set_aside=run.looks[Verdict.SET_ASIDE],
        calls=run.calls,
        found=_found(run),
        repaired={str(kind): run.repaired[kind] for kind in KINDS},
        repair=tuple(sorted(run.repair)),
        drift=tuple(map(_drift_fact, run.drift[:most])),
        findings=tuple(map(_finding_fact, run.findings[:most])),
    )


def _found(run: Run) -> dict[str, int]:
    if run.request.scope is Scope.RESERVATIONS:
        return {str(kind): run.inconsistent[kind] for kind in reservation_candidates.KINDS}
    return {str(kind): run.looks[kind] for kind in KINDS}


def _finding_fact(one: Finding) -> FindingFact:
    compensation = reservations.compensation_of(one)
    return FindingFact(
        kind=str(one.kind),
        stock_id=one.stock_id,
        sku=one.sku,
        salable=str(to_decimal(one.salable)),
        available=str(to_decimal(one.available)),
        reserved=str(to_decimal(one.reserved)),
        expected=str(to_decimal(one.expected)),
        difference=str(to_decimal(one.difference)),
        certainty=str(one.certainty),
        is_bound=one.is_bound,
        at=one.at,
        candidates=tuple(
            CandidateFact(made.order_number, made.state, str(to_decimal(made.quantity)), made.how)
            for made in one.candidates
        ),
        compensation="" if compensation is None else compensation.argument,
        pasteable=compensation is not None and compensation.is_pasteable,
    )


def _drift_fact(one: Drift) -> DriftFact:
    return DriftFact(
        kind=str(one.kind),
        sku=one.pair.sku,
        source_code=one.pair.source_code,
        ours=None if one.ours is None else text_of(one.ours),
        theirs=None if one.theirs is None else text_of(one.theirs),
        at=one.at,
        repaired=one.is_repaired,
    )
