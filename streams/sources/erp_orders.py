"""The poller `erp-orders`: asks the ERP what happened to orders, for ERPs that tell it to nobody by themselves."""

from connectors.core.order_ports import OrderEventSource
from schemas.models.source_cursor import SourceCursor
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.sources.order_record import Encode, TooLargeError, found_event
from streams.sources.poller import Found, Reading
from streams.sources.target_calls import TargetCalls

NAME = "erp-orders"
EMPTY_AT_MOST = 20
"""Pages without an event, one after the other, after which a round is over, though the cursor moves on."""
_LOG = logger("streams.poll")


class ErpOrderPoller:
    """One ERP; the cursor is the connector's own text."""

    name = NAME

    def __init__(self, port: OrderEventSource, calls: TargetCalls, encode: Encode, clock: Clock) -> None:
        self._port, self._calls, self._encode, self._clock = port, calls, encode, clock
        self._empty = 0

    def check(self, cursor: SourceCursor) -> None:
        """The connector alone knows what its text means."""

    async def read(self, cursor: SourceCursor | None) -> Reading:
        """Raises ConnectorError."""
        position = cursor.position if cursor else ""
        events, behind = await self._calls.made(lambda: self._port.order_events(position))
        found: list[Found] = []
        for event in events:
            try:
                found.append(found_event(event, NAME, self._encode))
            except TooLargeError as error:  # the ERP says it the same way each time: waiting would stop all others
                _LOG.error("event-too-large", poller=NAME, event_id=event.event_id, why=str(error))
        self._empty = 0 if events else self._empty + 1
        is_end = behind == position or self._empty > EMPTY_AT_MOST
        newest = max((event.recorded_at for event in events), default=0)
        return Reading(
            tuple(found),
            SourceCursor(name=NAME, position=behind, at=self._clock.micros()),
            is_end=is_end,
            read_up_to=0 if is_end else newest,
        )
