"""When and how what was done is compared with what is there."""

from typing import Literal

from pydantic import Field

from streams.settings.forms import (
    Seconds,
)
from streams.settings.frozen import Frozen


class ReconcileSettings(Frozen):
    """The comparison of what the shop shows with what it acknowledged, by the worker that writes stock."""

    every_s: Seconds = Field(
        300, ge=0, le=86_400, description="So often what was written since is read and compared; 0: not by itself."
    )
    full_at: str = Field(
        "02:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time everything is compared; empty: not by itself.",
    )
    reservations_at: str = Field(
        "03:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the shop's reservations are compared with its open orders; "
        "empty: not by itself.",
    )
    snapshot_patience_s: Seconds = Field(
        30,
        ge=0,
        le=3600,
        description="So old a warehouse's statement is when it is compared: what happened before it may still come.",
    )
    calls_at_once: int = Field(3, ge=1, le=16, description="Reads side by side, one per source.")
    repair: tuple[Literal["missing", "stale", "foreign-edit"], ...] = Field(
        (), description="Kinds of drift that are written again; all others are only reported."
    )


class CompletenessSettings(Frozen):
    """The daily closing of each flow, by the worker that writes stock."""

    at: str = Field(
        "03:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the day before is closed; empty: not by itself.",
    )
    orders_at: str = Field(
        "04:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the orders of the last week are compared; empty: not by itself.",
    )
    settle_s: Seconds = Field(
        60,
        ge=1,
        le=3600,
        description="What is younger is not judged, and what was found is looked at again after so long.",
    )
