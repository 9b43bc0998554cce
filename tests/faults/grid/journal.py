"""What the shop's journal shows of the calls that wrote stock (I2, I4, I8)."""

from collections import defaultdict
from decimal import Decimal
from http import HTTPStatus
from io import BytesIO
from itertools import pairwise
from typing import Any, NamedTuple

import fastavro

from tests.faults.system import System

WRITES = "/V1/inventory/source-items"
DESIRED = "inventory.desired.v1"
Pair = tuple[str, str]
Shown = tuple[Decimal, int]


class Call(NamedTuple):
    """One call that wrote; `ended_at` is when its answer was given, or when its effect was over."""

    at: float
    ended_at: float
    answered: bool
    rows: dict[Pair, Shown]


class Wish(NamedTuple):
    """What a pair should show from a moment on: broker's time of the oldest record in it, in seconds."""

    since: float
    shown: Shown


def calls(system: System) -> list[Call]:
    """Calls that had an effect, in the order in which they began; one that had it later lasted until then."""
    entries = system.shop.journal()
    begun = {entry["seq"]: entry["at"] for entry in entries}
    found = [_call(entry, begun) for entry in entries if _is_write(entry)]
    return sorted(found, key=lambda one: one.at)


def _is_write(entry: dict[str, Any]) -> bool:
    wrote = entry["kind"] in {"request", "late-effect"} and entry["method"] == "POST" and entry["effect"]
    return bool(wrote and entry["path"].endswith(WRITES) and (entry.get("detail") or {}).get("rows"))


def _call(entry: dict[str, Any], begun: dict[int, float]) -> Call:
    rows = {
        (row["source_code"], row["sku"]): (Decimal(row["quantity"]).normalize(), row["status"])
        for row in entry["detail"]["rows"]
    }
    at = begun.get(entry["detail"].get("of"), entry["detail"]["started_at"])
    answered = entry["kind"] == "request" and bool(entry["answered"]) and entry["status"] == HTTPStatus.OK
    return Call(at, entry["ended_at"] or entry["at"], answered, rows)


def wishes(system: System) -> dict[Pair, list[Wish]]:
    """What each pair should have shown, in order of version; only where it differs from the one before."""
    schema = fastavro.schema.load_schema("schemas/avro/inventory.desired.v1.avsc")
    snapshots: list[Any] = [
        fastavro.schemaless_reader(BytesIO(message.value()[5:]), schema) for message in system.read(DESIRED)
    ]
    found: dict[Pair, list[Wish]] = defaultdict(list)
    for snapshot in sorted(snapshots, key=lambda one: (one["sku"], one["epoch"], one["counter"])):
        for source in snapshot["sources"]:
            known = found[source["source_code"], snapshot["sku"]]
            shown = (source["quantity"].normalize(), source["status"])
            if not known or known[-1].shown != shown:
                known.append(Wish(snapshot["dirty_since"].timestamp(), shown))
    return found


class Repeat(NamedTuple):
    """A value that was written again although an answer had told that it was there."""

    pair: Pair
    answered_at: float
    again_at: float


def repeats(system: System) -> tuple[int, list[Repeat]]:
    """Rows written, and those among them that were done twice.  AssertionError for an older value."""
    wanted, place, last = wishes(system), dict[Pair, int](), dict[Pair, Call]()
    rows, found = 0, []
    for call in calls(system):
        for pair, shown in call.rows.items():
            history = [wish.shown for wish in wanted[pair]]
            start = place.get(pair, -1)
            later = [index for index in range(start + 1, len(history)) if history[index] == shown]
            if not later:
                assert start >= 0, f"{pair}: {shown} was never wanted"
                assert history[start] == shown, f"{pair}: {shown} was written after {history[start]}, which is newer"
                if last[pair].answered:
                    found.append(Repeat(pair, last[pair].ended_at, call.at))
            place[pair], last[pair] = later[0] if later else start, call
            rows += 1
    return rows, found


def overlapping(system: System) -> tuple[int, list[tuple[Pair, Call, Call]]]:
    """Pairs written, and two calls that were under way for one pair at once."""
    by_pair: dict[Pair, list[Call]] = defaultdict(list)
    for call in calls(system):
        for pair in call.rows:
            by_pair[pair].append(call)
    found = [
        (pair, first, second)
        for pair, made in by_pair.items()
        for first, second in pairwise(made)
        if second.at < first.ended_at
    ]
    return len(by_pair), found


def delays(system: System, since: float) -> list[tuple[float, Pair]]:
    """Seconds from the oldest record in a wish to the first call that showed it or a later one, longest first.

    Of records from `since` on.  A pair that is wanted again as it is shown needs no call.
    AssertionError for a wish that no call covered.
    """
    made: dict[Pair, list[tuple[float, Shown]]] = defaultdict(list)
    for call in calls(system):
        for pair, shown in call.rows.items():
            made[pair].append((call.ended_at, shown))
    found = []
    for pair, history in wishes(system).items():
        covered = -1
        for at, shown in made[pair]:
            places = [index for index in range(covered + 1, len(history)) if history[index].shown == shown]
            if places:
                wished = [history[index].since for index in range(covered + 1, places[0] + 1)]
                found += [(at - one, pair) for one in wished if one >= since]
                covered = places[0]
        came_back = bool(made[pair]) and history[-1].shown == made[pair][-1][1]
        assert covered == len(history) - 1 or came_back, f"{pair}: {history[covered + 1].shown} was never sent"
    return sorted(found, reverse=True)
