"""NetSuite's sales orders with our ids, as the port `Holdings`."""

import re
from collections.abc import Sequence

from connectors.netsuite import queries
from connectors.netsuite.client import NetSuiteClient
from schemas.micros import micros_of_text
from schemas.models.document import Held

MOST = 100
"""Ids of one query."""
_ID = re.compile(r"[A-Za-z0-9_-]+")


class OrderHoldings:
    """Two queries for a portion: the orders, and how many lines they have."""

    at_once = MOST

    def __init__(self, client: NetSuiteClient) -> None:
        self._client = client

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """`total` is the order's in its own currency, with tax.  What is no unified order id is in no query.

        An external id is unique for its kind of record, so one page holds all there can be.
        """
        order_ids = [one for one in dict.fromkeys(references) if _ID.fullmatch(one)]
        if not order_ids:
            return ()
        rows = (await self._client.held(queries.held(order_ids), 2 * MOST)).items
        if not rows:
            return ()
        counts = (await self._client.line_counts(queries.line_counts(row.id for row in rows), 2 * MOST)).items
        lines = {one.document: one.number for one in counts}
        return [
            Held(
                reference=row.order_id,
                internal_id=row.id,
                number=row.number,
                total=None if row.total is None else micros_of_text(str(row.total)),
                currency=row.currency,
                lines=lines.get(row.id, 0),
            )
            for row in rows
        ]
