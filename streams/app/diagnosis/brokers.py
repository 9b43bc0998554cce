"""Brokers, topics, rights and the group."""

from collections.abc import Iterator

from streams.app.diagnosis.check import Check
from streams.app.diagnosis.machine import FAR_OFF_S, OFF_S
from streams.app.preparation import PreparationError, fit
from streams.app.topic_plan import plan_topics
from streams.rights import Part, by_topic, needed
from streams.runtime.clock import Clock
from streams.runtime.granted import refusal
from streams.runtime.operating.brokers import Brokers
from streams.settings import Settings
from streams.topics import TOPICS

APPLY = "Run `commerce-streams topics apply`."
UNSEEN = "  A topic that this user may not see counts as missing: compare with the rights."


def reach(brokers: Brokers) -> Iterator[Check]:
    yield Check("brokers", "ok", f"{brokers.brokers()} answer")


def topics(settings: Settings, brokers: Brokers) -> Iterator[Check]:
    plan = plan_topics(settings, brokers)
    for refused in plan.refusals:
        yield Check("topics", "fail", refused, "Set STREAMS_KAFKA__PARTITIONS as the topics are, or see the document.")
    if plan.missing:
        names = ", ".join(one.name for one in plan.missing)
        yield Check("topics", "fail", f"{len(plan.missing)} of {plan.total} are missing: {names}", APPLY + UNSEEN)
        return
    try:
        fit(settings, brokers.topics(by_topic(needed("worker", settings))))
    except PreparationError as error:
        if not plan.refusals:
            yield Check("topics", "fail", str(error), APPLY)
        return
    for name, values in plan.wrong.items():
        differs = ", ".join(f"{setting} should be {value}" for setting, value in values.items())
        yield Check("topics", "warn", f"{name}: {differs}", APPLY)
    if not plan.wrong:
        yield Check("topics", "ok", f"all {plan.total} are there, with the settings they need")


def rights(settings: Settings, brokers: Brokers) -> Iterator[Check]:
    """As a worker needs them, or an operator; topics that are missing are another check's matter."""
    asked: tuple[Part, ...] = ("worker", "operator")
    lacks = {part: _lacks(part, settings, brokers) for part in asked}
    if None in lacks.values():
        yield Check("rights", "skipped", "not looked at: this user sees none of the topics")
    elif not lacks["worker"]:
        yield Check("rights", "ok", "this user may read and write what a worker must")
    elif not lacks["operator"]:
        yield Check("rights", "ok", "this user may do what an operator must; look with the workers' user, too")
    else:
        what, _, advice = str(lacks["worker"]).partition("; ")
        yield Check("rights", "fail", what, f"{advice}.")


def _lacks(part: Part, settings: Settings, brokers: Brokers) -> str | None:
    """What is missing, "" for nothing; None where this user sees no topic."""
    wanted = needed(part, settings)
    found = brokers.topic_rights(by_topic(wanted))
    seen = [right for right in wanted if right.kind == "group" or right.name in found]
    return (refusal(brokers, settings.kafka, part, seen, found) or "") if found else None


def clock(brokers: Brokers, here: Clock) -> Iterator[Check]:
    """A record from our future: the brokers' clock is ahead.  The other way round nothing can be said from here."""
    names = brokers.topic_names() & {topic.name for topic in TOPICS}
    parts = [part for name in sorted(names) for part in brokers.partitions(name)]
    newest = brokers.newest_time(parts) if parts else None
    ahead = 0 if newest is None else (newest - here.micros()) / 1_000_000
    if ahead > OFF_S:
        what = f"the brokers' clock is at least {ahead:.0f} s ahead of this machine's"
        yield Check("clock", "fail" if ahead > FAR_OFF_S else "warn", what, "Keep both in step (NTP).")


def group(settings: Settings, brokers: Brokers) -> Iterator[Check]:
    members = brokers.members(settings.app_id)
    if members:
        yield Check("group", "ok", f"{members} worker{'' if members == 1 else 's'} in {settings.app_id}")
    else:
        yield Check("group", "warn", f"no worker in {settings.app_id}", "Start one with `commerce-streams worker`.")
