"""The gateway's HTTP server: bounded in time, size and number, and a stop that loses nothing that was answered."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.settings.entrances import GatewaySettings
from streams.settings.public_keys import rsa_key_of
from streams.sources.adobe_keys import AdobeKeys
from streams.sources.adobe_route import AdobeRoute, Seldom
from streams.sources.answers import Failures, Handler, set_headers
from streams.sources.order_acceptance import OrderAcceptance
from streams.sources.order_completion import OrderCompletion
from streams.sources.orders_route import OrdersRoute, keys_of
from streams.sources.probes import add_probes
from streams.sources.reservation_parts import ReservationParts
from streams.sources.reservations_route import ReservationsRoute
from streams.sources.turnstile import Turnstile
from streams.sources.webhook_route import WebhookRoute

STOP_WITHIN = timedelta(seconds=10)
LINGER_S = 1.0
"""How long the rest of a refused body is read, so that its sender hears the answer."""


class NotListeningError(Exception):
    """The address cannot be listened on: one line."""


@dataclass(frozen=True, slots=True)
class AdobeParts:
    """What Adobe's events and the shop's webhooks need."""

    completion: OrderCompletion
    keys: AdobeKeys


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server needs of the process around it; `adobe` where anything is taken that only names an order.

    `reservations` where a client has a token.
    """

    settings: GatewaySettings
    acceptance: OrderAcceptance
    health: Health
    clock: Clock
    adobe: AdobeParts | None = None
    reservations: ReservationParts | None = None


class GatewayServer:
    """`start`, then `stop` once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._turnstile = Turnstile(parts.settings.in_flight)
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=_silent(),
            keepalive_timeout=parts.settings.read_s,
            lingering_time=LINGER_S,
            auto_decompress=False,
            shutdown_timeout=LINGER_S,
        )

    @property
    def url(self) -> str:
        """Once it is started."""
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def start(self) -> None:
        """Raises NotListeningError."""
        settings = self._parts.settings
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, settings.host, settings.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise NotListeningError(
                f"STREAMS_GATEWAY__PORT={settings.port} on {settings.host}: {error.strerror}; "
                "set another port or host, or 0 for any port"
            ) from None
        self._parts.health.is_working = True

    async def stop(self, within: timedelta = STOP_WITHIN) -> bool:
        """Takes nothing new, and waits for what is under way; False where some of it was cut off unanswered."""
        self._parts.health.is_working = False
        self._turnstile.close()
        for site in list(self._runner.sites):
            await site.stop()
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._turnstile.emptied()
        except TimeoutError:
            return False
        finally:
            await self._runner.cleanup()
        return True

    def _application(self) -> web.Application:
        parts = self._parts
        failures = Failures(parts.clock)

        @web.middleware
        async def turned(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await failures.turned(request, handler)

        app = web.Application(middlewares=[turned])
        app.on_response_prepare.append(set_headers)
        add_probes(app, parts.health)
        keys = keys_of(parts.settings)
        OrdersRoute(parts.settings, keys, parts.acceptance, self._turnstile, parts.clock).add_to(app)
        if (some := parts.reservations) is not None:
            ReservationsRoute(parts.settings, some.clients, some.desk, some.availability, self._turnstile).add_to(app)
        if parts.adobe is not None:
            self._add_adobe(app, parts.settings, parts.adobe)
        return app

    def _add_adobe(self, app: web.Application, settings: GatewaySettings, adobe: AdobeParts) -> None:
        """Each where it is set; another address is none."""
        if settings.adobe_events.client_id:
            seldom = Seldom(self._parts.clock)
            AdobeRoute(settings, adobe.keys, adobe.completion, self._turnstile, seldom).add_to(app)
        if settings.commerce_webhook.public_key:
            key = rsa_key_of(settings.commerce_webhook.public_key.encode())
            WebhookRoute(settings, key, adobe.completion, self._turnstile).add_to(app)


def _silent() -> logging.Logger:
    """For aiohttp, which logs the bytes of a request that it cannot read: those are nobody's to keep."""
    found = logging.getLogger("streams.gateway.http")
    found.disabled = True
    return found
