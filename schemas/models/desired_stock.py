"""What Commerce should show for one SKU: the whole snapshot, so that any record contains all earlier ones of its key.

Quantities are whole micros, times microseconds since 1970 in UTC.  Source: schemas/avro/inventory.desired.v1.avsc.
"""

import msgspec

from schemas.models.cause import Cause


class SourceQuantity(msgspec.Struct, frozen=True, gc=False):
    """One source item, absolute; `status` 1 is in stock; `changes` and `holds` count the records that it contains."""

    source_code: str
    quantity: int
    status: int
    version: int
    changes: int
    holds: int
    cause: Cause


class DesiredStock(msgspec.Struct, frozen=True, gc=False):
    """`epoch`, then `counter`, decides which of two snapshots is newer.

    `promisable` is what may still be reserved, before the shop's own open orders; None where an older release wrote it.
    """

    sku: str
    epoch: int
    counter: int
    dirty_since: int
    sources: tuple[SourceQuantity, ...]
    promisable: int | None = None
