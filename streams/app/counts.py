"""How records ended, as the tables of this worker count it: of all time, and across kills."""

from collections.abc import Iterable

from streams.runtime.table import BulkTable

Counts = dict[str, dict[str, int]]
"""Topic → outcome → records."""


def by_topic(tables: Iterable[BulkTable]) -> Counts:
    """Added up over the partitions that are owned."""
    found: Counts = {}
    for table in tables:
        for partition in table.owned:
            for name, records in table.tally(partition).counts.items():
                topic, _, outcome = name.partition("/")
                of_topic = found.setdefault(topic, {})
                of_topic[outcome] = of_topic.get(outcome, 0) + records
    return found
