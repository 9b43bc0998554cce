"""The part of SuiteQL by which changes of sales orders are polled.

Facts: Oracle's help, section_157909186990 (`Prefer: transient`, 1,000 rows a page).  Whole seconds in the account's
zone and the texts of the columns are general knowledge.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import msgspec

from simulators.core.exchange import Answer, Call, json_answer
from simulators.netsuite.errors import ApiError, Trouble
from simulators.netsuite.settings import Settings
from simulators.netsuite.state import SalesOrder, State

MOST_ROWS = 1000
FORMAT = "%Y-%m-%d %H:%M:%S"
_KNOWN = re.compile(
    r"SELECT\s+(?P<columns>[\w\s,]+?)\s+FROM\s+transaction\s+WHERE\s+type\s*=\s*'SalesOrd'"
    r"(?:\s+AND\s+lastmodifieddate\s*>=\s*TO_DATE\(\s*'(?P<since>[\d: -]{19})'\s*,\s*'YYYY-MM-DD HH24:MI:SS'\s*\))?"
    r"\s+ORDER\s+BY\s+lastmodifieddate\s*,\s*id",
    re.IGNORECASE,
)


class _Query(msgspec.Struct):
    q: str


def run(call: Call, state: State, settings: Settings) -> Answer:
    """Raises ApiError for everything but a query of changed sales orders."""
    if call.headers.get("prefer", "").lower() != "transient":
        raise ApiError(400, Trouble("INVALID_HEADER", "The header Prefer must be transient.", header="Prefer"))
    match = _KNOWN.fullmatch(_text(call))
    if match is None:
        raise ApiError(400, Trouble("INVALID_PARAMETER", "Invalid search query. This simulator knows one form only."))
    rows = [
        _row(one, settings) for one in sorted(state.orders.values(), key=lambda one: (int(one.modified_at), one.id))
    ]
    changed = [one for one in rows if match["since"] is None or str(one["lastmodifieddate"]) >= match["since"]]
    columns = [name.strip().lower() for name in match["columns"].split(",")]
    unknown = [name for name in columns if rows and name not in rows[0]]
    if unknown:
        raise ApiError(
            400, Trouble("INVALID_PARAMETER", f"Field '{unknown[0]}' for record 'transaction' was not found.")
        )
    return _page(call, [{name: row[name] for name in columns} for row in changed])


def _text(call: Call) -> str:
    try:
        return msgspec.json.decode(call.body, type=_Query).q.strip()
    except msgspec.MsgspecError:
        raise ApiError(400, Trouble("INVALID_CONTENT", "Invalid content in the request body.")) from None


def _row(order: SalesOrder, settings: Settings) -> dict[str, object]:
    modified = datetime.fromtimestamp(int(order.modified_at), UTC).astimezone(ZoneInfo(settings.zone))
    return {
        "id": str(order.id),
        "tranid": order.tran_id,
        "externalid": order.external_id,
        "status": order.status,
        "lastmodifieddate": modified.strftime(FORMAT),
    }


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
