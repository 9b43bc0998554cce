"""The two ways to write: one record, and up to 200 of one object in one call.

Facts: developer.salesforce.com dome_upsert and resources-composite-sobjects-collections-upsert (a result per row with
HTTP 200; allOrNone rolls back).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from simulators.core import wire
from simulators.core.clock import Clock
from simulators.core.exchange import Answer, Call, Note, json_answer
from simulators.core.wire import JsonValue
from simulators.salesforce.errors import ApiError, RefusedRowError
from simulators.salesforce.locks import Locks
from simulators.salesforce.objects import EXTERNAL_ID, RULES, rules_of
from simulators.salesforce.org import Org, SeveralRecordsError
from simulators.salesforce.settings import Settings
from simulators.salesforce.table import Record

ROLLED_BACK = RefusedRowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


@dataclass(slots=True)
class Writes:
    """Writes take `write_ms`, hold their locks meanwhile, and become visible at once at the end."""

    clock: Clock
    locks: Locks

    async def one(self, kind: str, value: str, call: Call, note: Note, org: Org, settings: Settings) -> Answer:  # noqa: PLR0917 - what a write is
        fields = _object(call)
        _check_right(kind, settings)
        undo: list[Callable[[], None]] = []
        async with self.locks.hold(_rows(kind, value, fields, org, settings)):
            await self.clock.sleep(settings.write_ms / 1000)
            try:
                saved = org.upsert(kind, value, fields, settings, undo)
            except SeveralRecordsError as several:
                return json_answer(300, [f"/services/data/v62.0/sobjects/{kind}/{id_}" for id_ in several.ids])
        note.effect = True
        note.detail |= {"id": saved.id, "created": saved.created}
        if saved.created or settings.update_status == 200:
            body = {"id": saved.id, "success": True, "errors": [], "created": saved.created}
            return json_answer(201 if saved.created else 200, body)
        return Answer(204)

    async def many(self, kind: str, call: Call, note: Note, org: Org, settings: Settings) -> Answer:
        document = _object(call)
        records, all_or_none = _records(kind, document, settings), document.get("allOrNone") is True
        _check_right(kind, settings)
        keys = {key for record in records for key in _rows(kind, str(record.get(EXTERNAL_ID)), record, org, settings)}
        async with self.locks.hold(keys):
            await self.clock.sleep(settings.write_ms / 1000)
            undo: list[Callable[[], None]] = []
            results = [_row(kind, record, org, settings, undo) for record in records]
            if all_or_none and any(isinstance(one, ApiError) for one in results):
                for take_back in reversed(undo):
                    take_back()
                results = [one if isinstance(one, ApiError) else ROLLED_BACK for one in results]
        note.effect = any(not isinstance(one, ApiError) for one in results)
        return json_answer(200, [_told(one) for one in results])


def _row(
    kind: str, record: Record, org: Org, settings: Settings, undo: list[Callable[[], None]]
) -> "dict[str, object] | ApiError":
    key = record.get(EXTERNAL_ID)
    fields = {name: value for name, value in record.items() if name not in {"attributes", EXTERNAL_ID}}
    try:
        if not isinstance(key, str) or not key:
            raise RefusedRowError("MISSING_ARGUMENT", f"{EXTERNAL_ID} not specified", EXTERNAL_ID)
        saved = org.upsert(kind, key, fields, settings, undo)
    except SeveralRecordsError as several:
        return RefusedRowError("DUPLICATE_EXTERNAL_ID", f"more than one record found: {several}", EXTERNAL_ID)
    except ApiError as refusal:
        return refusal
    return {"id": saved.id, "success": True, "errors": [], "created": saved.created}


def _told(result: "dict[str, object] | ApiError") -> dict[str, object]:
    return {"success": False, "errors": [result.row()]} if isinstance(result, ApiError) else result


def _object(call: Call) -> Record:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type header specified in HTTP request is not supported")
    try:
        document = wire.decode(call.body)
    except ValueError as problem:
        raise ApiError(400, "JSON_PARSER_ERROR", "Unexpected character in the request body") from problem
    if not isinstance(document, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be an object")
    return document


def _records(kind: str, document: Mapping[str, JsonValue], settings: Settings) -> list[Record]:
    given = document.get("records")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ApiError(400, "JSON_PARSER_ERROR", "records is missing")
    records = [one for one in given if isinstance(one, dict)]
    if len(records) > settings.most_rows:
        message = f"record limit reached. cannot submit more than {settings.most_rows} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    for record in records:
        attributes = record.get("attributes")
        if not isinstance(attributes, dict) or attributes.get("type") != kind:
            raise ApiError(400, "INVALID_TYPE", f"every record must be of type {kind}")
    return records


def _rows(kind: str, value: str, fields: Mapping[str, JsonValue], org: Org, settings: Settings) -> Collection[str]:
    """Ids of the record and of the parent that a child hangs on; a record that is yet to be made by its key."""
    own = org.found(kind, value, settings) or [f"{kind}/{value}"]
    parents = [id_ for name, value_ in fields.items() for id_ in _parent_ids(kind, name, value_, org, settings)]
    held = [org.table(kind)[id_].get(RULES[kind].locks or "") for id_ in own if id_ in org.table(kind)]
    return {*own, *parents, *(str(id_) for id_ in held if id_ is not None)}


def _parent_ids(kind: str, name: str, value: JsonValue, org: Org, settings: Settings) -> list[str]:  # noqa: PLR0917 - as above
    rules = RULES[kind]
    if name == rules.locks and isinstance(value, str):
        return [value]
    reference, parent = rules.parents.get(name, ("", ""))
    if reference and reference == rules.locks and isinstance(value, dict):
        return org.found(parent, str(value.get(EXTERNAL_ID)), settings)
    return []


def _check_right(kind: str, settings: Settings) -> None:
    rules_of(kind)
    if kind in settings.read_only_objects:
        raise ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
