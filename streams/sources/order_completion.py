"""Makes an order of its number: reads it at the shop, and appends it as any other order.

The order's event id is made of its content by the connector, so that event, webhook and poll of one state are one
event to the orders flow, whichever comes first.
"""

import asyncio
from datetime import timedelta
from enum import StrEnum

from connectors.core.errors import ConnectorError, NotFoundError, PermanentError, RateLimitedError
from connectors.core.order_ports import ShopOrderTarget
from schemas.models.order import Order
from streams.runtime.logs import logger
from streams.runtime.metrics import GATEWAY_HINTS
from streams.sources.hints import Hint
from streams.sources.order_acceptance import OrderAcceptance, UnusableOrderError
from streams.sources.recent import OtherContentError, Recent

AT_ONCE = 4
"""Orders that are read at the shop side by side."""
_LOG = logger("streams.gateway")


class HintOutcome(StrEnum):
    """What came of an event or a webhook."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"
    NOT_THERE = "not-there"
    UNUSABLE = "unusable"
    IGNORED = "ignored"


class ShopAwayError(Exception):
    """The shop cannot show the order now; the message is for the log.  `wait` is what the shop asked for."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class _NotThereError(Exception):
    pass


class OrderCompletion:
    """`recent` knows events that were done; one that failed is not known."""

    def __init__(
        self, shop: ShopOrderTarget, acceptance: OrderAcceptance, recent: Recent[HintOutcome], within_s: float
    ) -> None:
        self._shop, self._acceptance, self._recent, self._within_s = shop, acceptance, recent, within_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def complete(self, source: str, hint: Hint, cause: str) -> HintOutcome:
        """What came of it, once the order's record is acknowledged.  Raises ShopAwayError, NotAppendedError.

        `source` names the route in metrics and logs; `cause` is what the record's header `causation-id` says.
        """
        outcome = await self._outcome(source, hint, cause)
        GATEWAY_HINTS.labels(source, outcome).inc()
        return outcome

    async def _outcome(self, source: str, hint: Hint, cause: str) -> HintOutcome:
        if not hint.number:
            return HintOutcome.IGNORED
        try:
            if not hint.event_id:
                return await self._append(hint.number, cause)
            outcome, again = await self._recent.once(
                (hint.event_id, hint.number), b"", lambda: self._append(hint.number, cause)
            )
        except _NotThereError:
            _LOG.warning("order-not-there", source=source, number=hint.number, cause=cause)
            return HintOutcome.NOT_THERE
        except (UnusableOrderError, PermanentError, OtherContentError) as error:
            why = f"{type(error).__name__}: {error}"[:300]
            _LOG.error("order-unusable", source=source, number=hint.number, cause=cause, why=why)
            return HintOutcome.UNUSABLE
        return HintOutcome.DUPLICATE if again else outcome

    async def _append(self, number: str, cause: str) -> HintOutcome:
        receipt = await self._acceptance.append(await self._read(number), cause)
        return HintOutcome.DUPLICATE if receipt.duplicate else HintOutcome.APPENDED

    async def _read(self, number: str) -> Order:
        """Waiting for a turn is part of the time."""
        try:
            async with asyncio.timeout(self._within_s), self._turns:
                return await self._shop.read_order(number)
        except NotFoundError:
            raise _NotThereError from None
        except TimeoutError:
            raise ShopAwayError(f"no answer within {self._within_s:g} s") from None
        except PermanentError:
            raise
        except ConnectorError as error:
            wait = error.retry_after if isinstance(error, RateLimitedError) else None
            raise ShopAwayError(f"{type(error).__name__}: {error.message}", wait) from None
