"""Between the closer and the pages: what it does, told in facts."""

from streams.app.completeness.closer import Closer
from streams.domain.close_request import CloseRun
from streams.settings.comparisons import CompletenessSettings
from streams.web.completeness_facts import CloseRunFact, CloseRunWhole, CompletenessFact

EXPLAINED_AT_MOST = 1000


def completeness_fact(closer: Closer, settings: CompletenessSettings) -> CompletenessFact:
    return CompletenessFact(
        refusal=closer.refusal(),
        at=settings.at,
        orders_at=settings.orders_at,
        runs=tuple(map(close_run_fact, closer.runs)),
    )


def close_run_fact(run: CloseRun) -> CloseRunFact:
    return CloseRunFact(
        run=run.request.run,
        by=run.request.by,
        flows=run.request.flows,
        since=run.request.since,
        state=run.state.value,
        why=run.why,
        started_at=run.started_at,
        ended_at=run.ended_at,
        done=run.done,
        expected=run.expected,
        found=sum(page.found for page in run.pages),
        requeued=sum(one.is_done for one in run.requeued),
    )


def close_run_whole(run: CloseRun) -> CloseRunWhole:
    return CloseRunWhole(
        run=close_run_fact(run),
        pages=tuple(run.pages),
        explained=tuple(run.explained[:EXPLAINED_AT_MOST]),
        requeued=tuple(run.requeued),
    )
