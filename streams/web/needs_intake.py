"""Needs around what is read: gaps, paused topics, records that stand, sums that differ, letters set aside."""

from collections.abc import Iterator

from streams.topics import DESIRED, STOCK_INPUTS
from streams.web.accounting import accounts
from streams.web.need import LATE_S, Link, Need, advice, reason_title
from streams.web.situation import Situation
from streams.web.words import MICROS, count, many, moment, moment_or_none, seconds_since, span

MISMATCH_S = 60.0
GROUPS_NAMED = 3
"""Groups of letters that stand alone; the rest is one need."""


_STOCK = frozenset(topic.name for topic in (*STOCK_INPUTS, DESIRED))
_AFTER_GAP = {True: "then ask for a recount.", False: "then have what was in it said anew."}
_ASK_ANEW = {
    True: "Ask the WMS to state the affected stock anew.",
    False: "Ask whoever writes the topic to send those records again: a repeat does no harm.",
}


def _gaps(at: Situation) -> Iterator[Need]:
    for gap in (gap for facts in at.fleet.answered for gap in facts.gaps):
        lost = gap.last - gap.first + 1
        command = f"commerce-streams gaps accept {gap.topic} {gap.partition}"
        yield Need(
            "stopped",
            "Stopped",
            f"Intake of {gap.topic} [{gap.partition}] is paused: {many(lost, 'record')} left Kafka before we read "
            f"{'it' if lost == 1 else 'them'}.",
            None,
            f"Offsets {gap.first} to {gap.last} are gone. Accept the gap to go on, {_AFTER_GAP[gap.topic in _STOCK]}",
            Link("See the intake", "/#intake"),
            safe=False,
            steps=(f"`{command}`", _ASK_ANEW[gap.topic in _STOCK]),
        )


def _paused(at: Situation) -> Iterator[Need]:
    for topic in at.topics:
        if not at.intake(topic).paused:
            continue
        order = at.order(f"intake/{topic}")
        by_guard = order is not None and order.actor == "guard"
        reason = order.reason if order is not None else ""
        actor = order.actor if order is not None else "somebody"
        yield Need(
            "stopped" if by_guard else "attention",
            "Stopped" if by_guard else "Paused",
            f"A bad deploy? {reason} on {topic}." if by_guard else f"{actor} paused the intake of {topic}.",
            moment_or_none(order.at) if order is not None else None,
            f"{'' if by_guard or not reason else f'“{reason}”. '}Nothing more is read until somebody resumes it; "
            "records wait in Kafka.",
            Link("Resume it", "/#intake"),
            steps=(f"`commerce-streams resume {topic}`",),
        )


def _mismatch(at: Situation) -> Iterator[Need]:
    if not at.is_accounted:
        return
    for one in accounts(at.fleet.answered):
        since = at.memory.mismatch_since.get(one.topic)
        if one.difference and since is not None and seconds_since(since, at.now) >= MISMATCH_S:
            much = many(abs(one.difference), "record")
            what = f"{much} of {one.topic} {'is' if abs(one.difference) == 1 else 'are'} " + (
                "not accounted for." if one.difference > 0 else "counted twice."
            )
            yield Need(
                "stopped",
                "Sums differ",
                what,
                moment(since),
                "See the runbook LedgerMismatch.",
                Link("See the sums", "/#accounting"),
                safe=False,
            )


def _stuck(at: Situation) -> Iterator[Need]:
    for topic in at.topics:
        intake = at.intake(topic)
        if intake.oldest_s > LATE_S and not intake.paused:
            yield Need(
                "attention",
                "Slow",
                f"A record of {topic} has been unfinished for {span(intake.oldest_s)}.",
                moment(at.now - int(intake.oldest_s * MICROS)),
                f"{many(intake.lag, 'record')} behind it. It is not skipped; it is delivered again after a restart.",
                Link("See the workers", "/#workers"),
            )


def _set_aside(at: Situation) -> Iterator[Need]:
    if not at.letters.state.known:
        yield Need(
            "unknown",
            "Unknown",
            f"Dead letters are not known: {at.letters.state.why}.",
            None,
            "We try again every 5 s.",
            Link("See dead letters", "/dead-letters"),
        )
    if at.letters.state.building:
        yield Need(
            "unknown",
            "Reading",
            f"Dead letters are being read: {count(at.letters.state.to_read)} still to come.",
            None,
            "Their number is known when this is done.",
            Link("See dead letters", "/dead-letters"),
        )
    largest = sorted(at.letters.groups, key=lambda group: -group.letters)
    for group in largest[:GROUPS_NAMED]:
        yield Need(
            "attention",
            "Set aside",
            f"{many(group.letters, 'dead letter')}: {reason_title(group.reason).lower()} on {group.topic}.",
            moment(group.first.at),
            advice(group.reason),
            Link("See the group", f"/dead-letters/{group.id}"),
        )
    others = largest[GROUPS_NAMED:]
    if others:
        letters = many(sum(group.letters for group in others), "dead letter")
        yield Need(
            "attention",
            "Set aside",
            f"{letters} in {many(len(others), 'smaller group')}.",
            moment(min(group.first.at for group in others)),
            "Each group has a cause of its own; the list says what to do.",
            Link("See the groups", "/dead-letters"),
        )


RULES = (_gaps, _paused, _mismatch, _stuck, _set_aside)
