"""What orders are checked against: is each topic that a check needs fed, and how old is its newest record?"""

from collections.abc import Iterator

from streams.app.diagnosis.check import Check
from streams.app.order_reference import TOPICS
from streams.runtime.clock import Clock
from streams.runtime.operating.brokers import Brokers
from streams.settings import Settings
from streams.settings.rules import look_up_rules
from streams.web.words import ago, many


def fed(settings: Settings, brokers: Brokers, clock: Clock) -> Iterator[Check]:
    """Nothing where orders are off, or no check looks anything up."""
    needed = look_up_rules(settings.orders).tables if settings.orders.erp else frozenset[str]()
    for name in sorted(needed):
        yield _fed(TOPICS[name], brokers, clock)


def _fed(topic: str, brokers: Brokers, clock: Clock) -> Check:
    parts = brokers.partitions(topic)
    records = sum(span.records for span in brokers.spans(parts).values())
    newest = brokers.newest_time(parts) if records else None
    if newest is None:
        what = f"{topic} is empty: orders that are checked against it are held"
        return Check("checks", "warn", what, "Feed it, or take its checks out of STREAMS_ORDERS__CHECKS.")
    age = ago((clock.micros() - newest) / 1_000_000)
    return Check("checks", "ok", f"{topic} has {many(records, 'record')}, the newest of {age}")
