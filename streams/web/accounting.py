"""Where every record ended: the identity that shows whether one was lost.

A record that was taken from an input topic is counted by the ledger as `ignored`, `dead` or `accepted`.  An accepted
one is then counted again by what its source says: `parked` while no location of the source has a count, else `handed`
to the stock lane.  The lane counts each handed record as `applied`, `superseded`, `dead` or `parked`; what it has not
counted yet is pending:

    pending = handed − applied − superseded − dead (lane) − parked (lane)
    taken   = ignored + dead (both) + parked (both) + applied + superseded + pending

`accounted` of a worker's facts holds both sides added up, `lane_accounted` the lane's part.  A rebase ends in the
ledger: what it accepts is applied.  All counts are of all time and survive kills (streams/runtime/tally.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.topics import REBASE, STOCK_INPUTS
from streams.web.facts import WorkerFacts

ENDS_IN_LEDGER = frozenset({REBASE.name})
Counts = Mapping[str, int]


class TopicAccount(msgspec.Struct, frozen=True):
    """Records of one input topic by how they ended.

    `difference` is how many records the sum misses (below zero: counts twice); 0 where everything adds up.
    """

    topic: str
    taken: int
    applied: int
    superseded: int
    parked: int
    dead: int
    ignored: int
    pending: int
    difference: int


OUTCOMES: tuple[tuple[str, str], ...] = (
    ("applied", "Applied"),
    ("superseded", "Superseded"),
    ("parked", "Parked"),
    ("dead", "Dead"),
    ("ignored", "Ignored"),
    ("pending", "In flight"),
)
"""Names of the rows, in their order."""


def accounts(workers: Sequence[WorkerFacts]) -> tuple[TopicAccount, ...]:
    """One per input topic of the stock flow; complete only where every worker answered."""
    everything = _added(worker.accounted for worker in workers)
    lane = _added(worker.lane_accounted for worker in workers)
    return tuple(_account(one.name, everything.get(one.name, {}), lane.get(one.name, {})) for one in STOCK_INPUTS)


def _added(parts: Iterable[Mapping[str, Counts]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for part in parts:
        for topic, counts in part.items():
            found.setdefault(topic, Counter()).update(counts)
    return found


def _account(topic: str, total: Counts, lane: Counts) -> TopicAccount:
    accepted, handed = total.get("accepted", 0), total.get("handed", 0)
    applied, superseded = total.get("applied", 0), total.get("superseded", 0)
    dead, parked, ignored = total.get("dead", 0), total.get("parked", 0), total.get("ignored", 0)
    if topic in ENDS_IN_LEDGER:
        applied, handed = accepted, 0
        pending = 0
    else:
        pending = handed - applied - superseded - lane.get("dead", 0) - lane.get("parked", 0)
    taken = accepted + ignored + dead - lane.get("dead", 0)
    ended = ignored + dead + parked + applied + superseded + max(0, pending)
    return TopicAccount(topic, taken, applied, superseded, parked, dead, ignored, max(0, pending), taken - ended)
