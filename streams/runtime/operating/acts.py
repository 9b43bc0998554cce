"""An operator's act as messages: the standing order or request itself, and the audit record beside it."""

from collections.abc import Iterator
from typing import Protocol

from schemas.catalogue import OPERATOR_CONTROL
from schemas.models.cause import Cause
from schemas.models.operations import Audit, OperatorControl
from streams.domain.derived_id import derived_id
from streams.runtime.lookback import Place
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.wire import Wire
from streams.topics import AUDIT, CONTROL


class Micros(Protocol):
    """A clock that says what time it is."""

    def micros(self) -> int:
        """Microseconds since 1970, UTC."""
        ...


class Acts:
    """Says everything in the name of one actor."""

    def __init__(self, wire: Wire, clock: Micros, actor: str) -> None:
        self._wire, self._clock, self.actor = wire, clock, actor

    def audit(
        self,
        action: str,
        entity: tuple[str, str],
        *,
        before: str | None = None,
        after: str | None = None,
        reason: str = "",
        cause: Place | None = None,
    ) -> Outgoing:
        """`entity` is its type and its id."""
        at = self._clock.micros()
        record = Audit(
            audit_id=derived_id("audit", self.actor, action, *entity, at),
            at=at,
            actor=self.actor,
            action=action,
            entity_type=entity[0],
            entity=entity[1],
            before=before,
            after=after,
            reason=reason or None,
            cause=None if cause is None else Cause(*cause),
        )
        return Outgoing(AUDIT.name, record.entity.encode(), self._wire.encode(AUDIT.name, record))

    def order(self, key: str, state: str, *, value: str = "", reason: str = "") -> Outgoing:
        """A standing order: the newest of a key holds, in every worker."""
        order = OperatorControl(
            key=key, state=state, value=value, actor=self.actor, reason=reason, at=self._clock.micros()
        )
        return Outgoing(CONTROL.name, key.encode(), self._wire.encode(CONTROL.name, order))


def standing_orders(brokers: Brokers, reader: LogReader, wire: Wire) -> dict[str, OperatorControl]:
    """What holds now, by key.  Raises TopicMissingError, ClusterUnavailableError, RegistryUnavailableError."""
    return {order.key: order for order in _orders(brokers, reader, wire)}


def _orders(brokers: Brokers, reader: LogReader, wire: Wire) -> Iterator[OperatorControl]:
    spans = brokers.spans(brokers.partitions(CONTROL.name))
    for record in reader.read(spans):
        order = wire.decode(OPERATOR_CONTROL, record.value)
        if isinstance(order, OperatorControl):
            yield order
