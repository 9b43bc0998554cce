"""Brokers, topics, rights and the group."""

from collections.abc import Iterable, Iterator, Mapping

from confluent_kafka import KafkaException

from streams.app.diagnosis.check import Check
from streams.app.diagnosis.machine import FAR_OFF_S, OFF_S
from streams.app.preparation import PreparationError, prepare
from streams.app.topic_plan import plan_topics
from streams.runtime.clock import Clock
from streams.runtime.operating.brokers import Brokers
from streams.runtime.refusals import cause_of
from streams.settings import Settings
from streams.tables import TABLES, changelog
from streams.topics import CONTROL, DEAD_LETTER, READ, REFERENCE, TOPICS

APPLY = "Run `commerce-streams topics apply`."
UPSTREAM = frozenset(
    {
        "wms.stock-change.v1",
        "wms.fulfilment-event.v1",
        "erp.order-event.v1",
        "commerce.order.v1",
        "commerce.return.v1",
        "carrier.event.v1",
        *(topic.name for topic in REFERENCE),
    }
)
"""Written by others: this application only reads them."""
UNSEEN = "  A topic that this user may not see counts as missing: compare with the rights."


def reach(brokers: Brokers) -> Iterator[Check]:
    yield Check("brokers", "ok", f"{brokers.brokers()} answer")


def topics(settings: Settings, brokers: Brokers) -> Iterator[Check]:
    plan = plan_topics(settings, brokers)
    for refusal in plan.refusals:
        yield Check("topics", "fail", refusal, "Set STREAMS_KAFKA__PARTITIONS as the topics are, or see the document.")
    if plan.missing:
        names = ", ".join(one.name for one in plan.missing)
        yield Check("topics", "fail", f"{len(plan.missing)} of {plan.total} are missing: {names}", APPLY + UNSEEN)
        return
    try:
        prepare(settings, brokers)
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
    names = brokers.topic_names()
    wanted = _wanted(settings)
    found = brokers.topic_rights([topic for topic in wanted if topic in names])
    if not found:
        yield Check("rights", "skipped", "not looked at: this user sees none of the topics")
        return
    lacks = [*lacking(wanted, found), *_lacking_on_group(settings, brokers)]
    for lack in lacks:
        yield Check("rights", "fail", f"this user lacks {lack}", "Grant it on the brokers (kafka-acls).")
    if not lacks:
        yield Check("rights", "ok", "this user may read and write what it must")


def lacking(wanted: Mapping[str, frozenset[str]], granted: Mapping[str, frozenset[str]]) -> list[str]:
    """What is missing, topic by topic; a topic that is not there is another check's matter."""
    return [
        f"{' and '.join(sorted(missing))} on {topic}"
        for topic, needed in wanted.items()
        if topic in granted and (missing := needed - _implied(granted[topic]))
    ]


def _wanted(settings: Settings) -> dict[str, frozenset[str]]:
    """A worker reads inputs, changelogs, standing orders and letters, and writes all that is not another system's."""
    changelogs = [changelog(settings.app_id, table) for table in TABLES]
    read = {*(topic.name for topic in (*READ, *REFERENCE, CONTROL, DEAD_LETTER)), *changelogs}
    names = [*(topic.name for topic in TOPICS), *changelogs]
    return {
        name: frozenset({"READ"} if name in read else set()) | ({"WRITE"} if name not in UPSTREAM else set())
        for name in names
    }


def _implied(granted: frozenset[str]) -> frozenset[str]:
    return granted | {"READ", "WRITE", "DESCRIBE"} if "ALL" in granted else granted


def _lacking_on_group(settings: Settings, brokers: Brokers) -> Iterable[str]:
    group = settings.app_id
    try:
        granted = _implied(brokers.group_rights(group))
    except KafkaException as error:
        if "AUTHORIZATION" in cause_of(error).name():
            return [f"DESCRIBE and READ on the group {group}"]
        return []  # a group that nobody has joined yet
    return [] if not granted or "READ" in granted else [f"READ on the group {group}"]


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
