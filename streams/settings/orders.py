"""The orders flow."""

from typing import Literal

from pydantic import Field

from streams.domain.order_names import SHOP_NUMBERS
from streams.settings.forms import (
    Channel,
    ChannelOrAny,
    CheckName,
    Country,
    EventKind,
    Name,
    OrderRole,
    Pattern,
    Seconds,
    Word,
)
from streams.settings.frozen import Frozen
from streams.settings.order_tables import CutOffSettings, LabelSettings, RoutingSettings, WordSettings

YEAR_S = 366 * 86_400


class OrderSettings(Frozen):
    """The orders flow; off until an ERP is named."""

    erp: str = Field("", description="Connector of the ERP, e.g. netsuite; empty: orders are left alone.")
    wms: str = Field("", description="Connector of the WMS that takes pick tasks; empty: none is told.")
    crm: str = Field("", description="Connector of the CRM; empty: none is told.")
    finance: str = Field("", description="Connector of the accounting system; empty: nothing is booked.")
    carrier: str = Field("", description="Connector of the carrier that labels are booked at; empty: none are.")
    labels: LabelSettings = LabelSettings()
    shop: bool = Field(
        default=True, description="Whether the shop is told what becomes of its orders: number, shipments, invoices, …"
    )
    notify: tuple[Literal["shipment", "promise", "packed", "delivered", "tracking", "cancel", "return"], ...] = Field(
        ("shipment",), description="What the shop mails the customer about."
    )
    at_once: int = Field(16, ge=1, le=256, description="Orders that are worked on side by side at one target.")
    cut_offs: dict[ChannelOrAny, CutOffSettings] = Field(
        default_factory=dict,
        description="Channel (or `*`) → by when its orders must have reached the ERP; empty: there is no cut-off.",
    )
    latency_targets_s: dict[OrderRole, Seconds] = Field(
        default_factory=dict,
        description="Role → so soon after it was decided a command should be done; see docs/orders.md; measured only.",
    )
    shop_channels: tuple[Channel, ...] = Field(
        (), description="Channels whose orders the shop knows and is told of, beside its connector's own channel."
    )
    channels: tuple[Channel, ...] = Field(
        (), description="Other channels of whose orders WMS and ERP speak; what names another is set aside."
    )
    shop_numbers: Pattern = Field(
        SHOP_NUMBERS,
        description="Regular expression of the shop's order numbers, where a WMS may carry the unified id as well.",
    )
    words: WordSettings = WordSettings()
    own_lines: tuple[Name, ...] = Field(
        (), description="Source systems whose line numbers are their own: their lines are known by SKU."
    )
    speakers: dict[EventKind, tuple[Name, ...]] = Field(
        default_factory=dict, description="Kind of event → source systems that may state it; not listed: any may."
    )
    furthest: tuple[Name, ...] = Field(
        (), description="Source systems that state the furthest step only: their SHIPPED implies PICKED."
    )
    patience_s: Seconds = Field(
        14_400, gt=0, le=YEAR_S, description="How long an event waits for the one before it until a person must look."
    )
    routing: tuple[RoutingSettings, ...] = Field(
        (), description="Rules, the first that holds decides which warehouse gets a line; empty: the ERP decides."
    )
    routing_by_stock: bool = Field(
        default=False, description="Whether a line goes to the first source of its rule that has it in stock."
    )
    checks: tuple[CheckName, ...] = Field(
        (), description="Checks before the ERP is asked, for channels without a list of their own; see docs/orders.md."
    )
    checks_by_channel: dict[Channel, tuple[CheckName, ...]] = Field(
        default_factory=dict, description="Channel → its checks instead; an empty list: none."
    )
    complete_from_account: bool = Field(
        default=False, description="Whether the customer's account fills in what the channel left out for the ERP."
    )
    price_tolerance_ppm: int = Field(
        0, ge=0, le=1_000_000, description="How far a price may be off the ERP's, in millionths of that (10000 = 1 %)."
    )
    approved_words: tuple[Word, ...] = Field(
        ("", "approved"), description="What channels say of an order that may go on; an empty word: they say nothing."
    )
    countries: tuple[Country, ...] = Field(
        (), description="Countries that an address may name; empty: those of ISO 3166-1, and XK."
    )
    region_countries: tuple[Country, ...] = Field(
        ("AU", "CA", "US"), description="Countries whose addresses need a region."
    )
    postcode_patterns: dict[Country, Pattern] = Field(
        default_factory=dict, description="Country → the regular expression of its whole postcodes; others: form only."
    )
