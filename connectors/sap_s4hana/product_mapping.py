"""Products of API_PRODUCT_SRV as rows that orders are checked against; pure."""

from datetime import UTC, datetime, timedelta

from connectors.sap_s4hana import wire
from connectors.sap_s4hana.event_mapping import SYSTEM
from connectors.sap_s4hana.settings import Settings
from schemas.models.reference import Product

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_product(row: wire.ProductRow, settings: Settings, now: int) -> Product:
    """As it is at `now` (µs): a status counts from its day on.  Raises ValueError for a time that is none."""
    # Of several of our words for one unit the first by the alphabet: all of them go out as the same unit.
    words = {theirs: ours for ours, theirs in sorted(settings.units.items(), reverse=True)}
    unit = row.base_unit or None
    return Product(
        sku=row.product,
        is_discontinued=bool(row.is_marked_for_deletion) or _is_over(row, settings, now),
        unit=words.get(unit, unit) if unit else None,
        make_to_order=row.item_category_group in settings.make_to_order_groups,
        source_system=SYSTEM,
        changed_at=wire.from_date(row.last_change_date_time),
    )


def to_moment(micros: int) -> str:
    """Milliseconds, as V2 shows them; cut, so that nothing is passed over."""
    return (_EPOCH + timedelta(microseconds=micros - micros % 1000)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _is_over(row: wire.ProductRow, settings: Settings, now: int) -> bool:
    if row.cross_plant_status not in settings.discontinued_statuses:
        return False
    return not row.valid_from or wire.from_date(row.valid_from) <= now
