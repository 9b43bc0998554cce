"""SAP's products as the port `ProductSource`: listed by their time of change, one page a call."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.core.changes import Cursor, read_cursor
from connectors.core.clock import Clock
from connectors.core.errors import ConfigurationError, TargetUnavailableError
from connectors.core.paths import path
from connectors.core.reference_ports import ReferencePage
from connectors.sap_s4hana import product_mapping, wire
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.settings import Settings
from schemas.models.reference import Product

MICROS = 1_000_000
SERVICE: Final = "sap/opu/odata/sap/API_PRODUCT_SRV"
_FIELDS = (
    "Product,IsMarkedForDeletion,CrossPlantStatus,CrossPlantStatusValidityDate,ItemCategoryGroup,BaseUnit,"
    "LastChangeDateTime"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Products:
    """Products in order of change, with an overlap.

    SAP's times are finer than what V2 shows of them, so nothing can be asked for behind a time: a page begins at the
    last time of the one before, whose products come again.  Only where a page has no other time it is jumped over: a
    product of it that changes just then pulls the next one into the gap, which is found when all rows are read anew.
    """

    def __init__(
        self, client: SalesOrderClient, settings: Settings, clock: Clock, release: Callable[[], Awaitable[None]]
    ) -> None:
        self._client, self._settings = client, settings
        self._clock, self._release = clock, release

    async def products(self, cursor: str) -> ReferencePage[Product]:
        """See the port.

        Raises:
            ConfigurationError: no cursor of ours.
            TargetUnavailableError: rows that nobody can read.
        """
        known, now = read_cursor(cursor, now=0), (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
        if known.behind and not known.behind.isdigit():
            raise ConfigurationError(f"{cursor[:40]!r} is no cursor of this connector")
        skip = int(known.behind or 0)
        since = known.newest if known.behind else max(0, known.newest - self._settings.overlap_s * MICROS)
        page = await self._changed(product_mapping.to_moment(since), skip)
        try:
            rows = [product_mapping.to_product(row, self._settings, now) for row in page.results]
        except ValueError as exc:
            raise TargetUnavailableError(f"list-changed-products answered rows that cannot be used: {exc}") from exc
        if not rows or skip + len(rows) >= page.count:
            newest = max([known.newest, *(row.changed_at for row in rows)])
            return ReferencePage(rows, Cursor(newest=newest).text(), is_end=True)
        until = rows[-1].changed_at
        behind = 0 if until > since else skip + len(rows)
        return ReferencePage(rows, Cursor(newest=until, behind=str(behind)).text(), is_end=False)

    async def check(self) -> None:
        """One page, from now on: proves the right to the service."""
        await self._changed(self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), 0)

    async def close(self) -> None:
        await self._release()

    async def _changed(self, since: str, skip: int) -> wire.Page[wire.ProductRow]:
        """GET A_Product, changed then (ISO 8601, UTC) or later, one page, oldest change first."""
        query = (
            ("$filter", f"LastChangeDateTime ge datetimeoffset'{since}'"),
            ("$select", _FIELDS),
            ("$orderby", "LastChangeDateTime,Product"),
            *self._client.page(skip),
        )
        operation, route = "list-changed-products", path("/A_Product")
        return (await self._client.read(operation, route, query, wire.decode_products, service=SERVICE)).d
