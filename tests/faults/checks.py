"""What must hold after every fault, read from the logs and the shop's journal alone."""

from collections import Counter, defaultdict
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import msgspec

from streams.domain import lane_rows
from streams.domain.lane_rows import SkuRows
from streams.runtime import tally as tallies
from streams.runtime.tally import Tally
from streams.runtime.versioned import unpack
from streams.sinks.lane_table import ENTRY
from streams.tables import STOCK_LEDGER, STOCK_WRITE, TableSpec, changelog
from tests.faults.system import APP_ID, System

STOCK = "wms.stock-change.v1"
WRITES = "/V1/inventory/source-items"


def counts(system: System) -> Counter[str]:
    """Outcome totals, folded from the changelogs: the newest tally of each partition."""
    total: Counter[str] = Counter()
    for table in (STOCK_LEDGER, STOCK_WRITE):
        newest: dict[int, Tally] = {}
        for message in system.read(changelog(APP_ID, table)):
            if message.key() == tallies.KEY:
                newest[message.partition()] = msgspec.msgpack.decode(unpack(message.value())[1], type=Tally)
        for tally in newest.values():
            total.update({f"{table.name}:{name}": number for name, number in tally.counts.items()})
    return total


def check_accounting(system: System) -> Counter[str]:
    """Every record of the topic ended in exactly one way, and the sums close."""
    found = counts(system)
    ledger = {
        name: found[f"stock-ledger:{STOCK}/{name}"] for name in ("accepted", "ignored", "dead", "handed", "parked")
    }
    lane = {name: found[f"stock-write:{STOCK}/{name}"] for name in ("applied", "superseded", "dead", "parked")}
    records = sum(end for _, end in system.committed(STOCK).values())
    assert ledger["accepted"] + ledger["ignored"] + ledger["dead"] == records, (ledger, records)
    assert ledger["handed"] + ledger["parked"] == ledger["accepted"], ledger
    assert sum(lane.values()) == ledger["handed"], (lane, ledger)
    return found


def check_rebuilt_accounting(system: System) -> Counter[str]:
    """As above, where the ledger began anew: the lane's counts are of all time, so its rows are asked instead."""
    found = counts(system)
    names = ("accepted", "ignored", "dead", "handed", "parked")
    ledger = {name: found[f"stock-ledger:{STOCK}/{name}"] for name in names}
    records = sum(end for _, end in system.committed(STOCK).values())
    assert ledger["accepted"] + ledger["ignored"] + ledger["dead"] == records, (ledger, records)
    assert ledger["handed"] + ledger["parked"] == ledger["accepted"], ledger
    settled = sum(row.acked_changes for rows in _rows(system) for row in rows.rows)
    assert settled == ledger["handed"], (settled, ledger)
    return found


def _rows(system: System) -> list[SkuRows]:
    """Of every SKU, as the lane's changelog tells."""
    newest = newest_of_each(system, STOCK_WRITE, ENTRY)
    return [lane_rows.decode(unpack(value)[1]) for value in newest.values()]


def newest_of_each(system: System, table: TableSpec, prefix: bytes) -> dict[bytes, bytes]:
    """Key → value, as recovery reads a changelog: the highest version of each key with the prefix."""
    newest: dict[bytes, bytes] = {}
    for message in system.read(changelog(APP_ID, table)):
        key, value = message.key(), message.value()
        if value is None or not key.startswith(prefix):
            continue
        if key not in newest or unpack(value)[0] >= unpack(newest[key])[0]:
            newest[key] = value
    return newest


def check_dead_letters(system: System) -> Counter[str]:
    """Each letter holds its original, byte for byte; reasons counted once per original."""
    originals = {(m.topic(), m.partition(), m.offset()): m for m in system.read(system.topic)}
    reasons: dict[tuple[str, int, int], str] = {}
    for letter in system.read("dead-letter.v1"):
        headers = {name: value.decode() for name, value in letter.headers() if name.startswith("dl_")}
        place = (headers["dl_topic"], int(headers["dl_partition"]), int(headers["dl_offset"]))
        original = originals[place]
        assert (letter.key(), letter.value()) == (original.key(), original.value()), place
        kept = [header for header in letter.headers() if not header[0].startswith("dl_")]
        assert kept == [(name, value or b"") for name, value in original.headers() or []], place
        reasons[place] = headers["dl_reason"]
    return Counter(reasons.values())


def check_order(system: System) -> int:
    """No write carries an older value than one that was sent before; how many rows were written."""
    versions = _desired(system)
    place: dict[tuple[str, str], int] = {}
    rows = 0
    for entry in sorted(_writes(system), key=lambda one: one["detail"]["started_at"]):
        for row in entry["detail"]["rows"]:
            pair = (row["source_code"], row["sku"])
            wanted = (Decimal(row["quantity"]), row["status"])
            history = versions[pair]
            start = place.get(pair, 0)
            assert wanted in history[start:], (pair, wanted, history, start)
            place[pair] = history.index(wanted, start)
            rows += 1
    return rows


def _writes(system: System) -> list[dict[str, Any]]:
    return [
        entry
        for entry in system.shop.journal()
        if entry["kind"] == "request"
        and entry["method"] == "POST"
        and entry["path"].endswith(WRITES)
        and (entry.get("detail") or {}).get("rows")
    ]


def _desired(system: System) -> dict[tuple[str, str], list[tuple[Decimal, int]]]:
    """(source, SKU) → the values that were wanted, in order of version."""
    schema = fastavro.schema.load_schema("schemas/avro/inventory.desired.v1.avsc")
    snapshots: list[Any] = [
        fastavro.schemaless_reader(BytesIO(message.value()[5:]), schema)
        for message in system.read("inventory.desired.v1")
    ]
    found: dict[tuple[str, str], list[tuple[Decimal, int]]] = defaultdict(list)
    for snapshot in sorted(snapshots, key=lambda one: (one["sku"], one["epoch"], one["counter"])):
        for source in snapshot["sources"]:
            values = found[source["source_code"], snapshot["sku"]]
            value = (source["quantity"].normalize(), source["status"])
            if not values or values[-1] != value:
                values.append(value)
    return found


def check_all(system: System) -> Counter[str]:
    """Everything that holds after a heal; the totals."""
    assert not system.differences()
    check_order(system)
    check_dead_letters(system)
    return check_accounting(system)
