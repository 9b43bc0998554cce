"""The stock flow."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator, model_validator

from streams.settings.forms import (
    Factor,
    Milliseconds,
    Name,
    Pairs,
    Quantity,
    Seconds,
    SkusOrAll,
)
from streams.settings.frozen import Frozen

YEAR_S = 366 * 86_400


class SkuClass(Frozen):
    """How long a change of a SKU may wait for others before it is written."""

    window_ms: Milliseconds | None = Field(None, ge=0, le=3_600_000, description="Wait at most this long.")
    at: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Or: once a day at this UTC time.")
    skus: tuple[str, ...] = Field((), description="SKUs of the class; `*` at an end stands for anything.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "SkuClass":
        if (self.window_ms is None) == (self.at is None):
            raise ValueError("a class needs window_ms or at, not both")
        return self


class OwnerSettings(Frozen):
    """Who alone may state a bucket of a location."""

    source_system: str = Field(description="The system, as its records name it.")
    owner_code: str = Field("", description="The goods owner, as its records name it; empty: none.")


class InventorySettings(Frozen):
    """The stock flow."""

    locations: dict[str, str] = Field(
        default_factory=dict,
        description="WMS location code (or source_system/location) → Commerce source code; empty: codes are the same.",
    )
    items: dict[str, str] = Field(
        default_factory=dict, description="Item number of the source → Commerce SKU, one to one; empty: the same."
    )
    units: dict[str, Factor] = Field(
        default_factory=dict,
        description="Unit of measure (or item/unit) → sales units in one of it; empty: units are not converted.",
    )
    owners: dict[str, OwnerSettings] = Field(
        default_factory=dict,
        description="Location (or location/BUCKET) → who alone may state it; otherwise the first one to do so.",
    )
    allocations: dict[str, Literal["other", "all"]] = Field(
        default_factory=dict,
        description="Source system → what its ALLOCATED totals contain: `other` channels only, or `all`, web too.",
    )
    negative_allowed: tuple[str, ...] = Field((), description="Source systems whose counts may be below zero.")
    window_ms: Milliseconds = Field(
        1000, ge=0, le=3_600_000, description="How long a change may wait for others of the same SKU."
    )
    latency_target_s: Seconds = Field(
        10,
        gt=0,
        le=86_400,
        description="So long after its window a change should be in the shop; measured only.",
    )
    classes: dict[str, SkuClass] = Field(
        default_factory=dict, description="Classes of SKU with windows of their own, e.g. fast, slow, nightly."
    )
    buffer: Quantity = Field(Decimal(0), description="Units held back at every source.")
    buffers: Pairs = Field(
        default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → units held back there."
    )
    threshold: Quantity = Field(Decimal(0), description="A source is in stock above this quantity.")
    thresholds: Pairs = Field(default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → threshold.")
    low_stock: Quantity = Field(Decimal(0), description="An alert is raised at or below this quantity.")
    low_stocks: Pairs = Field(default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → low stock.")
    last_units: Quantity = Field(Decimal(3), description="At or below this quantity a row goes out first.")
    reserve_from: tuple[Name, ...] = Field(
        (), description="Sources in the order in which reservations are held there; others follow by their codes."
    )
    backorders: SkusOrAll = Field((), description="SKUs that stay in stock at any quantity; `*` for all.")
    count_wip: bool = Field(default=False, description="Whether work in progress counts as on hand.")
    assume_zero_base: bool = Field(
        default=False, description="Whether a location without a count begins at zero instead of being parked."
    )
    horizon_s: Seconds = Field(
        86_400,
        ge=60,
        le=604_800,
        description="How late a record may come, by event time, and still count.",
    )
    future_tolerance_s: Seconds = Field(300, ge=0, le=86_400, description="How far a sender's clock may be ahead.")
    base_alert_s: Seconds = Field(
        86_400, gt=0, le=YEAR_S, description="A source whose records wait so long for a first count raises an alert."
    )
    hold_limit_s: Seconds = Field(
        86_400, gt=0, le=YEAR_S, description="A shipment that is not posted for so long no longer adds to the stock."
    )
    posted_rest_s: Seconds = Field(
        60,
        ge=0,
        le=86_400,
        description="So long after a posting the WMS's own change may still come before stock is written up again.",
    )
    reservation_check_s: Seconds = Field(
        1, gt=0, le=3600, description="How often it is looked whether a reservation has expired."
    )
    check_every_s: Seconds = Field(600, gt=0, le=86_400, description="How often these limits are checked.")
    max_record_bytes: int = Field(262_144, ge=1024, description="Records beyond this are set aside undecoded.")

    @field_validator("items")
    @classmethod
    def _one_to_one(cls, items: dict[str, str]) -> dict[str, str]:
        taken = [sku for sku in items.values() if list(items.values()).count(sku) > 1 or sku in items]
        if taken:
            raise ValueError(f"two items for one SKU cannot be kept in order: {sorted(set(taken))[:3]}")
        return items
