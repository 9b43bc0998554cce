"""Runs the gateway: checks first, then takes orders until a signal."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from connectors.core.order_ports import ShopOrderTarget
from connectors.core.ports import AvailabilitySource
from connectors.core.reservation_ports import ReservedSource
from schemas.guards import MAX_VALUE_BYTES
from streams.rights import Part, Right, by_topic, needed
from streams.runtime import logs
from streams.runtime.clock import Clock, SystemClock
from streams.runtime.cluster import Cluster
from streams.runtime.granted import refusal
from streams.runtime.health import Health
from streams.runtime.lookback import Place
from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import Serde
from streams.settings import LiveSettings, Settings, SettingsError
from streams.settings.entrances import GatewaySettings
from streams.sources.adobe_keys import AdobeKeys, KeyHost
from streams.sources.kafka_log import KafkaLog
from streams.sources.order_acceptance import TOPIC, OrderAcceptance
from streams.sources.order_completion import HintOutcome, OrderCompletion
from streams.sources.recent import Recent
from streams.sources.reservation_parts import ReservationParts, following, parts_of
from streams.sources.server import STOP_WITHIN, AdobeParts, GatewayServer, Parts
from streams.topics import RESERVATION_REQUEST

LOOK_EVERY = timedelta(seconds=5)
FLUSH_S = 2.0
ROOM = 64 << 10
"""What a record may have beside its body: headers and frame."""
AWAY = "kafka"
OpenShop = Callable[[LiveSettings, Clock], ShopOrderTarget]
OpenReserved = Callable[[LiveSettings, Clock], ReservedSource]
OpenLookUp = Callable[[LiveSettings, Clock], AvailabilitySource]
"""Each opens a connector, and makes no call.  Each raises SettingsError."""
_LOG = logs.logger("streams.gateway")


class Behind(NamedTuple):
    """What is asked for reservations and availability; None where it is not."""

    reserved: ReservedSource | None
    look_up: AvailabilitySource | None


class CannotStartError(Exception):
    """One line that names the thing and what to do."""


def run(environ: Mapping[str, str], open_shop: OpenShop, open_reserved: OpenReserved, open_look_up: OpenLookUp) -> int:
    """Exit code 0 after a stop by signal.

    Raises CannotStartError, NotListeningError, SettingsError, ClusterUnavailableError, SchemaMissingError,
    RegistryUnavailableError: nothing was taken then.
    """
    clock, live = SystemClock(), LiveSettings(environ, logs.secret_not_taken)
    settings = live.at_start
    gateway = settings.gateway
    if not (gateway.secrets or gateway.reads_the_shop or gateway.reservations.tokens):
        raise SettingsError(
            "STREAMS_GATEWAY__SECRETS: is not set; name each channel with its secret, such as "
            '{"web": ["whsec_…"]}, or set what Adobe sends, or tokens for reservations (docs/gateway.md)'
        )
    shop = open_shop(live, clock) if gateway.reads_the_shop else None
    asks = bool(gateway.reservations.tokens) and gateway.reservations.ask_shop
    looks = bool(gateway.reservations.tokens and gateway.reservations.check_at)
    behind = Behind(open_reserved(live, clock) if asks else None, open_look_up(live, clock) if looks else None)
    check_topic(settings, Cluster(settings.kafka))
    logs.configure(
        settings.logs.level,
        settings.logs.format,
        clock.monotonic,
        worker=f"gateway {settings.gateway.host}:{settings.gateway.port}",
    )
    return asyncio.run(_work(settings, clock, shop, behind))


def check_topic(settings: Settings, cluster: Cluster) -> None:
    """The topic exists and takes every record that the gateway lets in.  Raises CannotStartError."""
    rights = needed("gateway", settings)
    found = cluster.topics(by_topic(rights))
    refuse_without_rights(cluster, settings, "gateway", rights, {name: one.rights for name, one in found.items()})
    state = found[TOPIC]
    most = max(settings.gateway.max_body_bytes, MAX_VALUE_BYTES if settings.gateway.reads_the_shop else 0)
    held, largest = int(state.config.get("max.message.bytes", "0")), most + ROOM
    if held < largest:
        raise CannotStartError(
            f"topic {TOPIC}: max.message.bytes is {held}, records of {largest} can come; "
            "raise it, or lower STREAMS_GATEWAY__MAX_BODY_BYTES"
        )


def refuse_without_rights(
    cluster: Cluster, settings: Settings, part: Part, rights: Sequence[Right], granted: Mapping[str, frozenset[str]]
) -> None:
    """Raises CannotStartError where a topic is not there, or this user lacks a right."""
    why = refusal(cluster, settings.kafka, part, rights, granted)
    if why is not None:
        raise CannotStartError(why)


async def _work(settings: Settings, clock: Clock, shop: ShopOrderTarget | None, behind: Behind) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    serde = Serde(HttpRegistry(settings.schema_registry), clock)
    await serde.prepare([TOPIC, RESERVATION_REQUEST.name] if settings.gateway.reservations.tokens else [TOPIC])
    log = KafkaLog(settings.kafka, settings.gateway.append_s)
    recent: Recent[Place] = Recent(clock, for_s=settings.gateway.remember_s, at_most=settings.gateway.remember_ids)
    acceptance = OrderAcceptance(log, recent, serde.encode, clock)
    try:
        health = Health(clock)
        async with (
            _adobe(settings.gateway, acceptance, clock, shop) as adobe,
            _reservations(settings, log, serde, clock, health=health, behind=behind) as reservations,
        ):
            parts = Parts(settings.gateway, acceptance, health, clock, adobe, reservations)
            await _serve(parts, log, stop)
    finally:
        left = await asyncio.to_thread(log.close, FLUSH_S)
    _LOG.info("gateway-stopped", unacknowledged=left)
    return 0


async def _serve(parts: Parts, log: KafkaLog, stop: asyncio.Event) -> None:
    """Until `stop` is set, and then until what is under way is answered.  Raises NotListeningError."""
    server, settings = GatewayServer(parts), parts.settings
    await server.start()
    _LOG.info(
        "gateway-listens",
        url=server.url,
        channels=sorted(settings.secrets),
        reservations=sorted(settings.reservations.tokens),
        adobe_events=bool(settings.adobe_events.client_id),
        commerce_webhook=bool(settings.commerce_webhook.public_key),
    )
    looking = asyncio.create_task(look_at_kafka(log, TOPIC, parts.health, parts.clock))
    await stop.wait()
    looking.cancel()
    if not await server.stop(STOP_WITHIN):
        _LOG.warning("requests-cut-off", after_s=STOP_WITHIN.total_seconds())
    with contextlib.suppress(asyncio.CancelledError):
        await looking


@contextlib.asynccontextmanager
async def _adobe(
    settings: GatewaySettings, acceptance: OrderAcceptance, clock: Clock, shop: ShopOrderTarget | None
) -> AsyncIterator[AdobeParts | None]:
    """What events and webhooks need, its connections closed at the end; None where neither is taken."""
    if shop is None:
        yield None
        return
    host = KeyHost(settings.adobe_events.static_url, clock)
    recent: Recent[HintOutcome] = Recent(clock, for_s=settings.remember_s, at_most=settings.remember_ids)
    try:
        yield AdobeParts(OrderCompletion(shop, acceptance, recent, settings.shop_read_s), AdobeKeys(host.fetch, clock))
    finally:
        await host.close()
        await shop.close()


@contextlib.asynccontextmanager
async def _reservations(
    settings: Settings, log: KafkaLog, serde: Serde, clock: Clock, *, health: Health, behind: Behind
) -> AsyncIterator[ReservationParts | None]:
    """None where no client has a token."""
    if not settings.gateway.reservations.tokens:
        yield None
        return
    async with following(settings, serde, clock, health, port=behind.reserved) as books:
        try:
            yield parts_of(settings, books, log, serde, clock, look_up=behind.look_up)
        finally:
            if behind.look_up is not None:
                await behind.look_up.close()


async def look_at_kafka(log: KafkaLog, topic: str, health: Health, clock: Clock) -> None:
    """Keeps readiness true to the brokers, whether anything is appended or not."""
    while True:
        why = await asyncio.to_thread(log.answers, topic, LOOK_EVERY.total_seconds())
        was_away = any(one.name == AWAY for one in health.troubles)
        if why:
            health.trouble(AWAY, why, blocks=True)
        else:
            health.over(AWAY)
        if bool(why) != was_away:
            _LOG.warning("kafka-away" if why else "kafka-back", why=why)
        await clock.sleep(LOOK_EVERY)
