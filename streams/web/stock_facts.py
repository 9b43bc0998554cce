"""What one worker knows of a SKU: its ledger entry, the rows of the lane, and what the shop says of them.

Times and quantities as in `streams/web/facts.py`.
"""

import msgspec


class TermFact(msgspec.Struct, frozen=True):
    """One term of the formula; a term of 0 stays."""

    name: str
    sign: int
    value: str


class SourceFact(msgspec.Struct, frozen=True):
    """One source of a SKU: what the ledger wants."""

    source_code: str
    desired: str | None
    in_stock: bool | None
    shown: bool
    terms: tuple[TermFact, ...]
    without_base: tuple[str, ...]
    changes: int
    holds: int
    cause_topic: str
    cause_offset: int


class ScopeFact(msgspec.Struct, frozen=True):
    """One bucket of one location."""

    location: str
    bucket: str
    source_system: str
    owner_code: str
    value: str
    base: str | None
    base_at: int | None
    newest_at: int | None
    remembered: int
    suspect: bool


class CauseFact(msgspec.Struct, frozen=True):
    """A record behind the number; what is None could not be read again."""

    topic: str
    partition: int
    offset: int
    at: int | None
    kind: str | None
    bucket: str | None
    location: str | None
    quantity: str | None
    reason: str | None
    event_id: str | None


class ReservationFact(msgspec.Struct, frozen=True):
    """A reservation that holds stock; `sources` empty for one of the shop's own checkout.  Times in µs."""

    id: str
    client: str
    state: str
    quantity: str
    sources: tuple[str, ...]
    expires_at: int | None
    order_id: str | None
    decided_at: int


class LedgerFact(msgspec.Struct, frozen=True):
    """What the ledger holds of a SKU; told by the owner of its partition."""

    sku: str
    partition: int
    version: str
    sources: tuple[SourceFact, ...]
    scopes: tuple[ScopeFact, ...]
    causes: tuple[CauseFact, ...]
    near: tuple[str, ...]
    """SKUs that begin alike, or differ in case only; for "no record of this SKU"."""
    reservations: tuple[ReservationFact, ...] = ()
    """Those that hold stock, the first to end first; at most 50."""
    promisable: str | None = None
    """What may still be reserved, before the shop's own open orders."""


class RowFact(msgspec.Struct, frozen=True):
    """One source of a SKU: what the lane wants, what the shop acknowledged."""

    source_code: str
    state: str
    """clean, dirty, parked, dead, frozen."""
    wanted: str
    wanted_in_stock: bool
    wanted_version: str
    acked: str | None
    acked_in_stock: bool | None
    acked_version: str
    acked_at: int | None
    dirty_since: int | None
    reason: str
    shipped: str = "0"
    """Of what is wanted, what has left and is not posted at the shop yet."""


class RowsFact(msgspec.Struct, frozen=True):
    """What the lane holds of a SKU; told by the lane's owner."""

    sku: str
    rows: tuple[RowFact, ...]


class ShopFact(msgspec.Struct, frozen=True):
    """What the shop shows right now; asked on request."""

    source_code: str
    quantity: str
    in_stock: bool
    at: int
