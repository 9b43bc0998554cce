"""Does every day close?  The newest page of each flow, or those of one day, for people."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from streams.domain.closing import ABOUT, AtTarget, Finding, Page, State
from streams.web.completeness_facts import CloseRunFact, CompletenessFact
from streams.web.envelope import Envelope
from streams.web.envelope import State as Shown
from streams.web.memory import lane_of
from streams.web.situation import Situation
from streams.web.words import ago, count, many, moment, moment_or_none, seconds_since

LISTED = 200
OVERDUE_S = 90_000
"""A day and an hour."""
TITLES = {
    State.DELIVERED: "Delivered and read back",
    State.SUPERSEDED: "Superseded",
    State.HELD: "Held",
    State.PARKED: "Parked",
    State.DEAD: "Dead",
    State.REFUSED: "Refused",
    State.IN_FLIGHT: "In flight",
    State.MISSING: "Missing",
}


class StateLine(msgspec.Struct, frozen=True):
    """How many entities ended so."""

    state: str
    title: str
    number: int


class FindingLine(msgspec.Struct, frozen=True):
    """One thing that does not close."""

    kind: str
    title: str
    entity: str
    where: str
    detail: str
    since: datetime | None
    advice: str
    href: str


class OpenLine(msgspec.Struct, frozen=True):
    """An entity that has not ended."""

    entity: str
    state: str
    since: datetime | None
    why: str


class LogLine(msgspec.Struct, frozen=True):
    """A topic, over all of its partitions."""

    topic: str
    records: int
    missing: int


class PageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    flow: str
    icon: Shown
    verdict: str
    opened_at: datetime
    closed_at: datetime
    made_at: datetime
    by: str
    entities: int
    records: int
    states: tuple[StateLine, ...]
    found: int
    findings: tuple[FindingLine, ...]
    open: tuple[OpenLine, ...]
    targets: tuple[AtTarget, ...]
    logs: tuple[LogLine, ...]
    never_placed: tuple[str, ...]
    unread: tuple[str, ...]
    looks: int


class CompletenessView(msgspec.Struct, frozen=True, kw_only=True):
    """`refusal` says why no run may begin now; `owner` is who has the lane."""

    state: Shown
    headline: str
    sentence: str
    date: str
    owner: str | None
    refusal: str
    at: str
    orders_at: str
    pages: tuple[PageLine, ...] = ()
    runs: tuple[CloseRunFact, ...] = ()


NOBODY = CompletenessFact(refusal="no worker that answered has the stock lane", at="", orders_at="")


def completeness(at: Situation, found: Sequence[Page] | None, date: str) -> Envelope[CompletenessView]:
    """`found` None where the pages cannot be read."""
    lane = lane_of(at.fleet)
    owner = None if lane is None else lane[0]
    facts = NOBODY if owner is None or owner.completeness is None else owner.completeness
    state, headline, sentence = _verdict(found, facts, at.now, date)
    view = CompletenessView(
        state=state,
        headline=headline,
        sentence=sentence,
        date=date,
        owner=None if owner is None else owner.url,
        refusal=facts.refusal,
        at=facts.at,
        orders_at=facts.orders_at,
        pages=tuple(_page(one) for one in sorted(found or (), key=lambda one: (one.flow, -one.closed_at))),
        runs=facts.runs,
    )
    return Envelope(moment(at.now), at.fleet.own.worker, state, view, at.fleet.workers)


def _verdict(found: Sequence[Page] | None, facts: CompletenessFact, now: int, date: str) -> tuple[Shown, str, str]:
    """State, headline, sentence."""
    if found is None:
        return "unknown", "Completeness is not known", "The pages cannot be read: the brokers do not answer."
    if not found:
        when = f"on {date}" if date else "yet"
        return "unknown", "Completeness is not known", f"No page was made {when}. {_next(facts)}"
    bad = [one for one in found if not one.closes]
    if bad:
        things = sum(one.found for one in bad)
        told = many(things, "thing") if things else "a target that could not be asked"
        flows = " and ".join(sorted({one.flow for one in bad}))
        return "attention", f"Not closed: {flows}", f"{told} on the pages below, each with what to do."
    oldest = min(one.made_at for one in found)
    if not date and facts.at and seconds_since(oldest, now) > OVERDUE_S:
        return "attention", "The daily page is overdue", f"The newest is of {ago(seconds_since(oldest, now))}."
    entities = sum(one.entities for one in found)
    return "ok", "Everything closes", f"{count(entities)} source entities, each in one state. {_next(facts)}"


def _next(facts: CompletenessFact) -> str:
    return f"A page is made daily at {facts.at} UTC." if facts.at else "None is made by itself: completeness --now."


def _page(one: Page) -> PageLine:
    return PageLine(
        flow=one.flow,
        icon="ok" if one.closes else "attention",
        verdict="Closes" if one.closes else "Does not close",
        opened_at=moment(one.opened_at),
        closed_at=moment(one.closed_at),
        made_at=moment(one.made_at),
        by=one.by,
        entities=one.entities,
        records=one.records,
        states=tuple(StateLine(state.value, title, one.states.get(state, 0)) for state, title in TITLES.items()),
        found=one.found,
        findings=tuple(_finding(one.flow, finding) for finding in one.findings[:LISTED]),
        open=tuple(OpenLine(each.entity, each.state.value, moment_or_none(each.since), each.why) for each in one.open),
        targets=one.targets,
        logs=_logs(one),
        never_placed=one.never_placed,
        unread=one.unread,
        looks=one.looks,
    )


def _finding(flow: str, one: Finding) -> FindingLine:
    about = ABOUT[one.kind]
    href = ""
    if one.entity:
        safe = quote(one.entity, safe="")
        href = f"/stock?sku={safe}&ask=1" if flow == "stock" else f"/orders/{safe}"
    return FindingLine(
        one.kind.value, about.title, one.entity, one.where, one.detail, moment_or_none(one.since), about.advice, href
    )


def _logs(one: Page) -> tuple[LogLine, ...]:
    topics = dict.fromkeys(log.topic for log in one.logs)
    return tuple(
        LogLine(
            topic,
            sum(log.count.seen for log in one.logs if log.topic == topic),
            sum(log.count.missing_records for log in one.logs if log.topic == topic),
        )
        for topic in topics
    )
