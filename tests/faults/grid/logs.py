"""What the logs show: versions of the ledger (I3), commits against accounts (I7), what lies behind poison (I10)."""

import re
from bisect import bisect_right
from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

import msgspec

from streams.domain import stock_entry
from streams.flows import stock_keys
from streams.runtime import tally as tallies
from streams.runtime.tally import Tally
from streams.runtime.versioned import unpack
from streams.tables import STOCK_LEDGER, changelog
from tests.faults.grid.watch import Sample
from tests.faults.system import APP_ID, System

OPENED = re.compile(r"lane-opened .* at=(\S+)Z")


class Reached(NamedTuple):
    """At this moment every record below `upto` was accounted for, in the changelog."""

    at: float
    upto: int


def reached(system: System) -> dict[tuple[str, int], list[Reached]]:
    """By (topic, partition), in order of time; only where it rose."""
    found: dict[tuple[str, int], list[Reached]] = defaultdict(list)
    for topic, table in system.accounted.items():
        for message in system.read(changelog(APP_ID, table)):
            if message.key() != tallies.KEY:
                continue
            upto = msgspec.msgpack.decode(unpack(message.value())[1], type=Tally).upto.get(topic, 0)
            known = found[topic, message.partition()]
            if not known or upto > known[-1].upto:
                known.append(Reached(message.timestamp()[1] / 1000, upto))
    return found


def early_commits(system: System, samples: list[Sample]) -> tuple[int, list[str]]:
    """Commits that were looked at, and those that named an offset before the changelog had its account."""
    accounts = reached(system)
    looked, found = 0, []
    for sample in samples:
        for (topic, partition), committed in sample.committed.items():
            known = accounts[topic, partition]
            place = bisect_right(known, sample.at, key=lambda one: one.at)
            accounted = known[place - 1].upto if place else 0
            looked += 1
            if committed > accounted:
                found.append(f"{topic} {partition}: committed {committed}, accounted {accounted} at {sample.at:.3f}")
    return looked, found


class Rises(NamedTuple):
    """Entries of the ledger that were written, those decided again under the version they had, and what fell."""

    written: int
    again: int
    fallen: list[str]


def versions(system: System) -> Rises:
    """Where the answer to a write is lost, its entry is decided again from the same state, with more records perhaps.

    It has the same version then, and recovery takes the later one of the log: so that one must contain no less.
    """
    newest: dict[bytes, bytes] = {}
    written, again, fallen = 0, 0, []
    for message in system.read(changelog(APP_ID, STOCK_LEDGER)):
        key, value = message.key(), message.value()
        if value is None or not key.startswith(stock_keys.ENTRY):
            continue
        written += 1
        known = newest.get(key)
        again += known is not None and value != known and unpack(value)[0] == unpack(known)[0]
        if known is not None and (fall := _fall(known, value)):
            fallen.append(f"{key[1:].decode()}: {fall}")
        else:
            newest[key] = value
    return Rises(written, again, fallen)


def _fall(known: bytes, value: bytes) -> str:
    """What is wrong with an entry that follows another in the log; empty where nothing is."""
    (old, old_entry), (new, new_entry) = unpack(known), unpack(value)
    if new != old:
        return f"{new} after {old}" if new < old else ""
    before, after = stock_entry.decode(old_entry), stock_entry.decode(new_entry)
    behind = [guard for guard in before.guards if after.next_offset(guard[0], guard[1]) < guard[2]]
    return f"version {new} has seen less than what stood there under that version: {behind}" if behind else ""


def behind_poison(system: System) -> list[float]:
    """Seconds from each record right behind a dead letter to its account, longest first."""
    accounts = reached(system)
    read = system.read(system.topic)
    log = {(message.partition(), message.offset()): message.timestamp()[1] / 1000 for message in read}
    dead = set()
    for letter in system.read("dead-letter.v1"):
        headers = dict(letter.headers())
        if headers["dl_topic"].decode() == system.topic:
            dead.add((int(headers["dl_partition"]), int(headers["dl_offset"])))
    found = []
    for partition, offset in dead:
        behind = (partition, offset + 1)
        if behind in log and behind not in dead:
            at = next(one.at for one in accounts[system.topic, partition] if one.upto > offset + 1)
            found.append(at - log[behind])
    return sorted(found, reverse=True)


def lane_openings(system: System) -> list[float]:
    """When a worker was given the lane, over all workers."""
    told = [(at, worker.ahead_s) for worker in system.workers for at in OPENED.findall(worker.log)]
    return sorted(datetime.fromisoformat(f"{at}+00:00").timestamp() - ahead for at, ahead in told)
