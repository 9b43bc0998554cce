"""Adobe I/O Events for Commerce: a placed or changed order becomes an event at the subscriber's address.

Sources: commerce-extensibility, events (type, envelope, `data.value` with the fields of the subscription); Adobe I/O
Events, webhooks guide and page on retries: 10 s for an answer, tried again after 1, 2, 4, 8 and then every 15 minutes
for 24 hours on 429, 5xx (but 505) and silence, with `x-adobe-retry-count`; any other refusal is final.  Order of
delivery is not promised.  A save that writes the external id raises an event with the saved fields alone (measured by
third parties).
"""

import asyncio
import uuid
from collections.abc import Mapping

import aiohttp

from simulators.adobe_commerce.event_keys import EventKeys
from simulators.adobe_commerce.order_views import utc
from simulators.adobe_commerce.orders import Order
from simulators.adobe_commerce.shop import Shop
from simulators.core import wire

TYPE = "com.adobe.commerce.observer.sales_order_save_commit_after"
PROVIDER = "urn:uuid:00000000-0000-4000-8000-000000000001"
ANSWER_WITHIN_S = 10.0
LONGEST_WAIT = 15
"""In first waits: minutes, where the first wait is one."""
GIVEN_UP_AFTER = 24 * 60
NEVER_AGAIN = 505


class EventSender:
    """`changed` for each change, between `start` and `stop`; nothing is sent while no address is set."""

    def __init__(self, shop: Shop) -> None:
        self.keys = EventKeys(("simulated-1", "simulated-2"))
        self.counts = {"delivered": 0, "refused": 0, "given_up": 0, "tries": 0}
        self._shop = shop
        self._under_way: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def changed(self, order: Order, *, only_external_id: bool = False) -> None:
        """Fires and forgets, as the shop does."""
        address = self._shop.settings.events_url
        if address is None:
            return
        value = _external_id(order) if only_external_id else _value(order)
        event_id = str(uuid.UUID(int=self._shop.rng.getrandbits(128), version=4))
        body = wire.encode(self._envelope(event_id, value))
        task = asyncio.create_task(self._deliver(address, event_id, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def shown(self) -> dict[str, int]:
        """For the control route: what became of the events."""
        return {**self.counts, "under_way": len(self._under_way)}

    async def stop(self) -> None:
        """What is under way is not sent any more."""
        pending = list(self._under_way)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _envelope(self, event_id: str, value: Mapping[str, object]) -> dict[str, object]:
        client = self._shop.settings.events_client_id
        return {
            "specversion": "1.0",
            "id": event_id,
            "source": PROVIDER,
            "type": TYPE,
            "datacontenttype": "application/json",
            "time": utc(self._shop.clock.now()).replace(" ", "T") + "Z",
            "eventid": event_id,
            "event_id": event_id,
            "recipientclientid": client,
            "recipient_client_id": client,
            "data": {"key": event_id, "value": value, "source": "simulated.Stage", "_metadata": {"storeId": "1"}},
        }

    async def _deliver(self, address: str, event_id: str, body: bytes) -> None:
        """Until it is taken or refused for good, or a day is over."""
        headers = {"Content-Type": "application/json", "x-adobe-event-id": event_id, **self.keys.headers(body)}
        wait, waited, tries = 1, 0, 0
        while waited < GIVEN_UP_AFTER:
            again = {"x-adobe-retry-count": str(tries)} if tries else {}
            status = await self._send(address, body, {**headers, **again})
            tries += 1
            self.counts["tries"] += 1
            if status and not _comes_again(status):
                self.counts["delivered" if status < 300 else "refused"] += 1
                return
            await self._shop.clock.sleep(wait * self._shop.settings.events_first_wait_s)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT)
        self.counts["given_up"] += 1

    async def _send(self, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status; 0 where there was no answer in time."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_WITHIN_S))
        try:
            async with self._session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0


def _comes_again(status: int) -> bool:
    return status == 429 or (status >= 500 and status != NEVER_AGAIN)


def _value(order: Order) -> dict[str, object]:
    """The fields of a subscription that asks for the key and little more; numbers come as text."""
    return {
        "entity_id": str(order.id),
        "increment_id": order.increment_id,
        "updated_at": utc(order.updated_at),
        "_isNew": False,
    }


def _external_id(order: Order) -> dict[str, object]:
    return {"entity_id": str(order.id), "ext_order_id": order.ext_order_id, "_isNew": False}
