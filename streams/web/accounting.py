"""Where every record ended: the identity that shows whether one was lost.

A record that was taken from an input topic is counted by the ledger as `ignored`, `dead` or `accepted`.  An accepted
one is then counted again by what its source says: `parked` while no location of the source has a count, else `handed`
to the stock lane.  The lane counts each handed record as `applied`, `superseded`, `dead` or `parked`; what it has not
counted yet is pending:

    pending = handed − applied − superseded − dead (lane) − parked (lane)
    taken   = ignored + dead (both) + parked (both) + applied + superseded + pending

`accounted` of a worker's facts holds both sides added up, `lane_accounted` the lane's part.  A rebase and a
request for a reservation end in the ledger: what it accepts of them is applied.  All counts are of all time and
survive kills (streams/runtime/tally.py).

Topics of orders are counted once, by the table that they feed.  The intake and the orders flow end a record as they
read it: an event that comes too early is `parked` until the one that it waits for makes it `applied`, and an event that
holds its order is applied as well.  A command sink counts what it takes in, and later how it ended:

    pending = taken − ignored − superseded − applied − dead
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from streams.topics import DESIRED, READ, REBASE, RESERVATION_REQUEST, STOCK_INPUTS, WMS_SNAPSHOT
from streams.web.facts import WorkerFacts

ENDS_IN_LEDGER = frozenset({REBASE.name, RESERVATION_REQUEST.name})
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
    of: Literal["stock", "orders"] = "stock"


OUTCOMES: tuple[tuple[str, str], ...] = (
    ("applied", "Applied"),
    ("superseded", "Superseded"),
    ("parked", "Parked"),
    ("dead", "Dead"),
    ("ignored", "Ignored"),
    ("pending", "In flight"),
)
"""Names of the rows, in their order."""


_NOT_OF_ORDERS = frozenset({DESIRED.name, WMS_SNAPSHOT.name, *(topic.name for topic in STOCK_INPUTS)})
TAKEN = "taken"
"""Counted by a sink beside the outcomes: what came in, whether it ended or not."""
ROW_OF: Mapping[str, str] = MappingProxyType(
    {
        "applied": "applied",
        "held": "applied",
        "superseded": "superseded",
        "parked": "parked",
        "dead": "dead",
        "ignored": "ignored",
        "refused": "ignored",
    }
)
"""What the tables of orders count → the row in which it stands; what is in none shows as a difference."""


def accounts(workers: Sequence[WorkerFacts]) -> tuple[TopicAccount, ...]:
    """One per input topic of stock, then one per topic of orders; complete only where every worker answered."""
    everything = _added(worker.accounted for worker in workers)
    lane = _added(worker.lane_accounted for worker in workers)
    stock = [_account(one.name, everything.get(one.name, {}), lane.get(one.name, {})) for one in STOCK_INPUTS]
    read = {intake.topic for worker in workers for intake in worker.intakes}
    orders = sorted((read | everything.keys()) - _NOT_OF_ORDERS, key=_place)
    return (*stock, *(_of_orders(topic, everything.get(topic, {})) for topic in orders))


def _place(topic: str) -> tuple[int, str]:
    """As they are declared; topics of another release last."""
    names = [one.name for one in READ]
    return (names.index(topic) if topic in names else len(names), topic)


def _of_orders(topic: str, counts: Counts) -> TopicAccount:
    """What a sink took in and has not ended is pending; what ended more often than it came in was counted twice."""
    rows = Counter[str]()
    for name, records in counts.items():
        rows[ROW_OF.get(name, "")] += records if name != TAKEN else 0
    counted = sum(records for name, records in counts.items() if name != TAKEN)
    taken = counts.get(TAKEN, counted)
    pending = max(0, taken - counted)
    ended = pending + sum(records for row, records in rows.items() if row)
    return TopicAccount(
        topic,
        taken,
        rows["applied"],
        rows["superseded"],
        rows["parked"],
        rows["dead"],
        rows["ignored"],
        pending,
        taken - ended,
        "orders",
    )


class Balance(msgspec.Struct, frozen=True):
    """One worker's part of the identity of a topic; only the sum over all workers says something.

    `unaccounted` is 0 and `in_flight` not below 0 where every record is counted once.
    """

    unaccounted: int
    in_flight: int


def balances(accounted: Mapping[str, Counts], lane: Mapping[str, Counts]) -> dict[str, Balance]:
    """By topic, so that a monitor can add up what workers say without asking them together."""
    stock = {one.name for one in STOCK_INPUTS}
    return {
        topic: _stock_balance(topic, counts, lane.get(topic, {})) if topic in stock else _order_balance(counts)
        for topic, counts in accounted.items()
    }


def _stock_balance(topic: str, total: Counts, lane: Counts) -> Balance:
    parked, superseded = total.get("parked", 0), total.get("superseded", 0)
    if topic in ENDS_IN_LEDGER:
        return Balance(-parked - superseded, 0)
    handed, set_aside = total.get("handed", 0), lane.get("dead", 0) + lane.get("parked", 0)
    unaccounted = total.get("accepted", 0) - (parked - lane.get("parked", 0)) - handed
    return Balance(unaccounted, handed - total.get("applied", 0) - superseded - set_aside)


def _order_balance(counts: Counts) -> Balance:
    ended = {name: records for name, records in counts.items() if name != TAKEN}
    strange = sum(records for name, records in ended.items() if name not in ROW_OF)
    counted = sum(ended.values())
    return Balance(strange, counts.get(TAKEN, counted) - counted)


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
