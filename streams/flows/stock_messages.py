"""What the stock flow tells beside snapshots: reservations, lines that were crossed, numbers to be stated anew."""

from collections.abc import Callable, Iterator

import msgspec

from schemas.models.cause import Cause as CauseModel
from schemas.models.inventory import AlertKind, InventoryAlert, RecountReason, RecountRequest
from schemas.models.stock_reservation import Reservation
from streams.domain.derived_id import derived_id
from streams.domain.quantities import to_decimal
from streams.domain.scope import Doubt
from streams.domain.stock_entry import SourceState
from streams.domain.stock_hold import OpenHold
from streams.domain.stock_snapshot import Crossing, Level
from streams.domain.version import Version
from streams.flows.stock_batch import Alarm, SkuFold
from streams.runtime.metrics import RECOUNTS, RESERVATIONS
from streams.runtime.outbox import Message
from streams.topics import ALERT, RECOUNT, RESERVATION, STOCK_INPUTS

Encode = Callable[[str, msgspec.Struct], bytes]

_KIND: dict[Level, AlertKind] = {Level.ZERO: "ZERO", Level.LOW: "LOW", Level.PLENTY: "BACK_IN_STOCK"}
_REASON: dict[Doubt, RecountReason] = {Doubt.MISFIT: "SUSPECT", Doubt.TIE: "TIE", Doubt.TOO_OLD: "TOO_OLD"}
_WHY: dict[Doubt, str] = {
    Doubt.MISFIT: "the source saw another quantity before its record than after the one that precedes it",
    Doubt.TIE: "two counts of the same moment differ",
    Doubt.TOO_OLD: "a record came later than the horizon and was not counted",
}


class StockMessages:
    """Reservations, alerts and recount requests of one folded SKU, for its outbox."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def of(self, fold: SkuFold, version: Version, partition: int, now: int) -> list[Message]:
        alerts = [self._alert(fold, crossing, version, now) for crossing in fold.crossings]
        told = [self._reservation(kept.told) for _stored, kept in fold.reservations.values()]
        return [*told, *alerts, *self._recounts(fold, version, partition)]

    def _reservation(self, told: Reservation) -> Message:
        RESERVATIONS.labels(told.state).inc()
        return Message(RESERVATION.name, told.reservation_id.encode(), self._encode(RESERVATION.name, told))

    def without_base(self, sku: str, state: SourceState, version: Version, now: int) -> list[Message]:
        """A source that has waited too long for its first count: an alert, and a request to count."""
        what = f"{state.changes} changes at {state.code} wait for a full count; the shop is not written"
        alert = self._of_time(
            "NO_BASE", (sku, state.code, state.since), what, sku, state.code, version=version, now=now
        )
        request = RecountRequest(
            request_id=derived_id("recount", sku, state.code, "NO_BASE", state.since),
            sku=sku,
            source_system="",
            reason="NO_BASE",
            detail=what,
            at=now,
        )
        return [alert, Message(RECOUNT.name, sku.encode(), self._encode(RECOUNT.name, request))]

    def expired(self, sku: str, hold: OpenHold, version: Version, now: int) -> Message:
        """A shipment was not posted in time; its quantity is offered no more."""
        what = f"shipped but not posted for too long ({hold.hold_id}): {to_decimal(hold.quantity)} are no longer added"
        identity = (sku, hold.hold_id, hold.revision)
        return self._of_time("HOLD_EXPIRED", identity, what, sku, hold.source_code, version=version, now=now)

    def _of_time(
        self, kind: AlertKind, identity: tuple[object, ...], what: str, *place: str, version: Version, now: int
    ) -> Message:
        """An alert that no record led to, but time did."""
        sku, source_code = place
        alert = InventoryAlert(
            alert_id=derived_id("alert", kind, *identity),
            sku=sku,
            source_code=source_code,
            kind=kind,
            detail=what,
            epoch=version.epoch,
            counter=version.counter,
            at=now,
        )
        return Message(ALERT.name, sku.encode(), self._encode(ALERT.name, alert))

    def _alert(self, fold: SkuFold, crossing: Crossing, version: Version, now: int) -> Message:
        sku = fold.shop_sku
        kind = _KIND[crossing.level]
        alert = InventoryAlert(
            alert_id=derived_id("alert", sku, crossing.source_code, kind, version),
            sku=sku,
            source_code=crossing.source_code,
            kind=kind,
            quantity=crossing.quantity,
            threshold=crossing.threshold,
            detail=f"{to_decimal(crossing.quantity)} left at {crossing.source_code}",
            epoch=version.epoch,
            counter=version.counter,
            at=fold.oldest_at or now,
        )
        return Message(ALERT.name, sku.encode(), self._encode(ALERT.name, alert))

    def _recounts(self, fold: SkuFold, version: Version, partition: int) -> Iterator[Message]:
        for alarm in fold.alarms.values():
            reason = _REASON[alarm.doubt]
            RECOUNTS.labels(reason).inc()
            request = self._recount(fold.sku, alarm, reason, version, partition)
            yield Message(RECOUNT.name, fold.sku.encode(), self._encode(RECOUNT.name, request))

    def _recount(
        self, sku: str, alarm: Alarm, reason: RecountReason, version: Version, partition: int
    ) -> RecountRequest:
        scope, cause = alarm.scope, alarm.cause
        return RecountRequest(
            request_id=derived_id("recount", sku, scope.location, scope.bucket, reason, version),
            sku=sku,
            source_system=scope.source_system,
            owner_code=scope.owner_code or None,
            location_code=scope.location.removeprefix(f"{scope.source_system}/"),
            bucket=scope.bucket,
            reason=reason,
            detail=_WHY[alarm.doubt],
            at=cause.at,
            cause=CauseModel(STOCK_INPUTS[cause.source].name, partition, cause.offset),
        )
