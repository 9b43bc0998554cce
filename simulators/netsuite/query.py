"""SuiteQL over the account's documents: whatever SQLite can answer of `tables.py`.

Facts: Oracle's help, section_157909186990 (`Prefer: transient`, 1,000 rows a page, 100,000 rows in all).  That every
value comes as text, that what is empty is left out, and that a date without TO_CHAR comes as a day only, is general
knowledge.
"""

import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs

import msgspec

from simulators.core.exchange import Answer, Call, json_answer
from simulators.netsuite.errors import ApiError, Trouble
from simulators.netsuite.settings import Settings
from simulators.netsuite.state import State
from simulators.netsuite.tables import STATUS_TEXTS, TYPE_NAMES, Tables, Value

MOST_ROWS = 1000
MOST_ROWS_IN_ALL = 100_000
_DATE = re.compile(r"@(\d{4})-(\d{2})-(\d{2}) \d{2}:\d{2}:\d{2}")
_STATUS = re.compile(rf"(?P<type>{'|'.join(TYPE_NAMES)}):(?P<letter>[A-Z])")
_LINK = re.compile(r"#(?P<id>[^#]*)#(?P<name>.*)", re.DOTALL)
_LITERAL = re.compile(r"('(?:[^']|'')*')")
_FORMAT = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"}


class _Query(msgspec.Struct):
    q: str


def run(call: Call, tables: Tables, state: State, settings: Settings, now: float) -> Answer:
    """Raises ApiError for what is no query, or one that SQLite does not know."""
    if call.headers.get("prefer", "").lower() != "transient":
        raise ApiError(400, Trouble("INVALID_HEADER", "The header Prefer must be transient.", header="Prefer"))
    text = _text(call)
    if not re.match(r"(SELECT|WITH)\b", text, re.IGNORECASE):
        raise _not_understood("it is no SELECT")
    return _page(call, _rows(tables.at(state, settings, now), text))


def _rows(found: sqlite3.Connection, text: str) -> list[dict[str, object]]:
    for name, arguments, function in (("TO_DATE", 2, _to_date), ("TO_CHAR", 2, _to_char), ("BUILTIN_DF", 1, _df)):
        found.create_function(name, arguments, function, deterministic=True)
    try:
        cursor = found.execute(_in_sqlite(text))
        names = [one[0].lower() for one in cursor.description]
        rows = cursor.fetchmany(MOST_ROWS_IN_ALL)
    except sqlite3.Error as problem:
        raise _not_understood(str(problem)) from None
    return [{name: _shown(value) for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _in_sqlite(text: str) -> str:
    """`transaction` is a word of SQLite's own; BUILTIN is no schema."""
    parts = _LITERAL.split(text)
    return "".join(
        part
        if part.startswith("'")
        else re.sub(
            r"\bBUILTIN\.DF\b", "BUILTIN_DF", re.sub(r"\btransaction\b", '"transaction"', part, flags=re.IGNORECASE)
        )
        for part in parts
    )


def _shown(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    day = _DATE.fullmatch(text)
    if day:
        return f"{int(day[2])}/{int(day[3])}/{day[1]}"
    link = _LINK.fullmatch(text)
    status = _STATUS.fullmatch(text)
    return link["id"] if link else status["letter"] if status else text


def _to_date(text: str | None, pattern: str) -> str | None:
    return None if text is None else datetime.strptime(text, _strftime(pattern)).strftime("@%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - a local time, as the account has it


def _to_char(value: str | None, pattern: str) -> str | None:
    if value is None:
        return None
    return datetime.strptime(value, "@%Y-%m-%d %H:%M:%S").strftime(_strftime(pattern))  # noqa: DTZ007 - same


def _strftime(pattern: str) -> str:
    for theirs, ours in _FORMAT.items():
        pattern = pattern.replace(theirs, ours)
    return pattern


def _df(value: str | None) -> str | None:
    """What people read instead of an id."""
    link, status = _LINK.fullmatch(value or ""), _STATUS.fullmatch(value or "")
    if link is not None:
        return link["name"]
    if status is None:
        return TYPE_NAMES.get(value or "", value)
    words = STATUS_TEXTS[status["type"]]
    return f"{TYPE_NAMES[status['type']]} : {words.get(status['letter'], status['letter'])}"


def _not_understood(why: str) -> ApiError:
    return ApiError(400, Trouble("INVALID_PARAMETER", f"Invalid search query. Detailed description follows: {why}."))


def _text(call: Call) -> str:
    try:
        return msgspec.json.decode(call.body, type=_Query).q.strip()
    except msgspec.MsgspecError:
        raise ApiError(400, Trouble("INVALID_CONTENT", "Invalid content in the request body.")) from None


def _page(call: Call, rows: list[dict[str, object]]) -> Answer:
    asked: Mapping[str, list[str]] = parse_qs(call.query)
    limit = min(int(asked.get("limit", [str(MOST_ROWS)])[0]), MOST_ROWS)
    offset = int(asked.get("offset", ["0"])[0])
    page = rows[offset : offset + limit]
    totals = {
        "count": len(page),
        "hasMore": offset + limit < len(rows),
        "offset": offset,
        "totalResults": len(rows),
    }
    return json_answer(200, {"links": [], "items": page, **totals})
