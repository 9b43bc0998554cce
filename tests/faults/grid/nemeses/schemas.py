"""The warehouse's records change their schema while they flow: each version that the registry lets in, and one more."""

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simulators.wms.record import StockRecord
from simulators.wms.registry import Registry, RegistryError
from simulators.wms.wire import STOCK_TOPIC, RecordCodec, Schema, frame, subject_of, unframe
from streams.topics import COMMERCE_ORDER
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until

POISON = ("bad-magic", "unknown-schema-id", "truncated")

Field = dict[str, Any]  # a field of an .avsc: JSON


class Version(NamedTuple):
    """`values` makes of a record what this version's schema holds."""

    name: str
    schema: Schema
    values: Callable[[StockRecord], dict[str, Any]]


def _changed(schema: Schema, name: str, change: Callable[[Field], Field | None]) -> Schema:
    """One field of it otherwise, or left out."""
    found = copy.deepcopy(schema)
    fields = [change(field) if field["name"] == name else field for field in found["fields"]]
    found["fields"] = [field for field in fields if field is not None]
    return found


def _with(schema: Schema, field: Field) -> Schema:
    found = copy.deepcopy(schema)
    found["fields"].append(field)
    return found


class Fields(NamedTuple):
    """Which of a topic's fields change: one goes, one becomes bytes, one gets another name.  None is needed."""

    removed: str
    promoted: str
    renamed: str
    new_name: str


CHANGING: Mapping[str, Fields] = {
    STOCK_TOPIC: Fields("bin_code", "status_code", "reason_code", "reason_text"),
    COMMERCE_ORDER.name: Fields("approval", "shipping_method", "instructions", "remarks"),
}


def versions(schema: Schema, fields: Fields) -> list[Version]:
    """What BACKWARD allows: the newest schema can read what was written with the one before."""
    optional = _with(schema, {"name": "shift", "type": ["null", "string"], "default": None})
    removed = _changed(optional, fields.removed, lambda _field: None)
    promoted = _changed(removed, fields.promoted, lambda field: {**field, "type": ["null", "bytes"]})
    renamed = _changed(
        promoted, fields.renamed, lambda field: {**field, "name": fields.new_name, "aliases": [fields.renamed]}
    )
    return [
        Version("an optional field more", optional, lambda record: {**record, "shift": "late"}),
        Version("a field with a default less", removed, dict),
        Version("a type promoted", promoted, lambda record: {**record, fields.promoted: _bytes(record, fields)}),
        Version(
            "a field renamed by alias",
            renamed,
            lambda record: {
                **record,
                fields.promoted: _bytes(record, fields),
                fields.new_name: dict(record).get(fields.renamed),
            },
        ),
    ]


def _bytes(record: StockRecord, fields: Fields) -> bytes | None:
    text = dict(record).get(fields.promoted)
    return text.encode() if isinstance(text, str) else None


class Mixed:
    """Old and new in turns, in every partition; counts what it wrote."""

    def __init__(self, old: tuple[int, RecordCodec]) -> None:
        self.written: Counter[str] = Counter()
        self._kinds: list[tuple[str, int, RecordCodec, Callable[[StockRecord], dict[str, Any]]]] = [
            ("as before", *old, dict)
        ]

    def add(self, version: Version, schema_id: int) -> None:
        self._kinds.append((version.name, schema_id, RecordCodec(version.schema), version.values))

    def value(self, record: StockRecord) -> bytes:
        name, schema_id, codec, values = self._kinds[sum(self.written.values()) % len(self._kinds)]
        self.written[name] += 1
        return frame(schema_id, codec.encode(values(record)))


def evolution(run: Run) -> list[Hit]:
    """One version after another joins those that are written already; a required field is refused by the registry."""
    wms, registry = run.system.traffic, Registry(run.system.registry_url)
    run.live()
    mixed = Mixed((wms.schema.schema_id, RecordCodec(wms.schema.schema)))
    wms.speak(mixed.value)
    changing = CHANGING[run.system.topic]
    for version in versions(wms.schema.schema, changing):
        mixed.add(version, registry.register(subject_of(run.system.topic), version.schema))
        name = version.name
        until(lambda name=name: mixed.written[name] >= 3 * run.system.many or not run.trading, within=180, what=name)  # type: ignore[misc]
        run.live()
    wms.poison(6, POISON)
    last = _with(versions(wms.schema.schema, changing)[-1].schema, {"name": "shift_code", "type": "string"})
    refused = _refused(registry, subject_of(run.system.topic), last)
    run.traded()
    seen = _ids_seen(run)
    return [
        *(Hit(f"records with {name}", count) for name, count in sorted(mixed.written.items())),
        Hit("partitions with old and new records", sum(len(ids) > 1 for ids in seen.values())),
        Hit("schemas that the registry refused", refused),
    ]


def _refused(registry: Registry, subject: str, schema: Schema) -> int:
    try:
        registry.register(subject, schema)
    except RegistryError as error:
        return int(error.status == 409)  # noqa: PLR2004  conflict
    return 0


def _ids_seen(run: Run) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for message in run.system.read(run.system.topic):
        try:
            schema_id, _body = unframe(message.value() or b"")
        except ValueError:
            continue
        found.setdefault(message.partition(), set()).add(schema_id)
    return found


ALL = (
    Nemesis(
        "N18", "schema evolution", "versions of the schema, mixed in every partition", evolution, trade_s=20, per_s=60
    ),
)
