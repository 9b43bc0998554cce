"""Sales orders of SAP S/4HANA with our ids, as the port `Holdings`."""

from collections.abc import Sequence

from connectors.sap_s4hana import wire
from connectors.sap_s4hana.client import SalesOrderClient, key_text
from connectors.sap_s4hana.orders import every
from connectors.sap_s4hana.reference import reference
from schemas.models.document import Held

MOST = 20
"""Ids of one filter: it stands in an address."""
REJECTED = "C"
"""Every item has a reason for rejection."""


class OrderHoldings:
    """Asked by PurchaseOrderByCustomer, which is no key: two orders may carry one id."""

    at_once = MOST

    def __init__(self, client: SalesOrderClient) -> None:
        self._client = client

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """Without amounts: what of a net value is whose condition is customizing."""
        ours = {reference(one).casefold(): one for one in references}
        if not ours:
            return ()
        filter_ = " or ".join(f"PurchaseOrderByCustomer eq '{key_text(reference(one))}'" for one in ours.values())
        rows = await every(lambda skip: self._client.held_orders(filter_, skip=skip))
        return _standing([_held(ours[_name(row)], row) for row in rows if _name(row) in ours], rows)


def _name(row: wire.OrderRow) -> str:
    """SAP may keep the field in capitals."""
    return (row.purchase_order_by_customer or "").casefold()


def _held(order_id: str, row: wire.OrderRow) -> Held:
    return Held(
        reference=order_id,
        internal_id=row.sales_order,
        number=row.sales_order,
        currency=row.currency,
        lines=len(row.items.results),
    )


def _standing(found: Sequence[Held], rows: Sequence[wire.OrderRow]) -> list[Held]:
    """Of two with one id, one that was rejected as a whole was somebody's remedy."""
    rejected = {row.sales_order for row in rows if row.rejection_status == REJECTED}
    alive = {one.reference for one in found if one.internal_id not in rejected}
    return [one for one in found if one.internal_id not in rejected or one.reference not in alive]
