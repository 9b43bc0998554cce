"""A source system whose clock is ahead: each record is a dead letter, but a person is told once an hour."""

from collections.abc import Sequence

from schemas.models.cause import Cause as CauseModel
from schemas.models.inventory import InventoryAlert
from streams.domain.derived_id import derived_id
from streams.domain.stock_rules import HOUR
from streams.flows.record_reader import Bad
from streams.flows.stock_messages import Encode
from streams.runtime.outbox import Message
from streams.topics import ALERT

SYSTEMS_AT_MOST = 1000


class ClockSkew:
    """Remembers which hour (of the broker's time) of a system was told; a repeat after a kill has the same id."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._told: dict[str, int] = {}

    def alerts(self, bad: Sequence[Bad], epoch: int, partition: int) -> list[Message]:
        """For a batch; sent before its state is written, so that none is lost."""
        found = []
        for one in bad:
            system, hour = one.refused.source_system, one.record.timestamp * 1000 // HOUR
            if system and self._told.get(system, -1) < hour:  # else it is a fault of the record alone
                self._remember(system, hour)
                found.append(self._alert(one, hour, epoch, partition))
        return found

    def _remember(self, system: str, hour: int) -> None:
        if len(self._told) >= SYSTEMS_AT_MOST:  # names come from outside
            self._told.clear()
        self._told[system] = hour

    def _alert(self, bad: Bad, hour: int, epoch: int, partition: int) -> Message:
        system, record = bad.refused.source_system, bad.record
        sku = (record.key or b"").decode(errors="replace")
        alert = InventoryAlert(
            alert_id=derived_id("clock-skew", system, hour),
            sku=sku,
            kind="CLOCK_SKEW",
            detail=f"clock of {system} is ahead ({bad.refused.detail}); its records are dead letters until it is set",
            epoch=epoch,
            counter=0,
            at=record.timestamp * 1000,
            cause=CauseModel(record.topic, partition, record.offset),
        )
        return Message(ALERT.name, sku.encode(), self._encode(ALERT.name, alert))
