"""Runs the gateway: checks first, then takes orders until a signal."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from datetime import timedelta

from streams.runtime import logs
from streams.runtime.clock import Clock, SystemClock
from streams.runtime.cluster import Cluster
from streams.runtime.health import Health
from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import Serde
from streams.settings import Settings, SettingsError, read_settings
from streams.settings.tree import GatewaySettings
from streams.sources.kafka_log import KafkaLog
from streams.sources.order_acceptance import TOPIC, OrderAcceptance
from streams.sources.recent import Recent
from streams.sources.server import STOP_WITHIN, GatewayServer, Parts

LOOK_EVERY = timedelta(seconds=5)
FLUSH_S = 2.0
ROOM = 64 << 10
"""What a record may have beside its body: headers and frame."""
AWAY = "kafka"
_LOG = logs.logger("streams.gateway")


class CannotStartError(Exception):
    """One line that names the thing and what to do."""


def run(environ: Mapping[str, str]) -> int:
    """Exit code 0 after a stop by signal.

    Raises CannotStartError, NotListeningError, SettingsError, ClusterUnavailableError, SchemaMissingError,
    RegistryUnavailableError: nothing was taken then.
    """
    clock, settings = SystemClock(), read_settings(environ)
    if not settings.gateway.secrets:
        raise SettingsError(
            "STREAMS_GATEWAY__SECRETS: is not set; name each channel with its secret, "
            'such as {"web": ["whsec_…"]} (docs/gateway.md)'
        )
    check_topic(settings, Cluster(settings.kafka))
    logs.configure(
        settings.logs.level,
        settings.logs.format,
        clock.monotonic,
        worker=f"gateway {settings.gateway.host}:{settings.gateway.port}",
    )
    return asyncio.run(_work(settings, clock))


def check_topic(settings: Settings, cluster: Cluster) -> None:
    """The topic exists and takes every record that the gateway lets in.  Raises CannotStartError."""
    state = cluster.topics([TOPIC]).get(TOPIC)
    if state is None:
        raise CannotStartError(f"topic {TOPIC} does not exist; run `commerce-streams topics apply`")
    held, needed = int(state.config.get("max.message.bytes", "0")), settings.gateway.max_body_bytes + ROOM
    if held < needed:
        raise CannotStartError(
            f"topic {TOPIC}: max.message.bytes is {held}, records of {needed} can come; "
            "raise it, or lower STREAMS_GATEWAY__MAX_BODY_BYTES"
        )


async def _work(settings: Settings, clock: Clock) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    serde = Serde(HttpRegistry(settings.schema_registry), clock)
    await serde.prepare([TOPIC])
    log = KafkaLog(settings.kafka, settings.gateway.append_s)
    try:
        await _serve(settings.gateway, log, serde, clock, stop)
    finally:
        left = await asyncio.to_thread(log.close, FLUSH_S)
    _LOG.info("gateway-stopped", unacknowledged=left)
    return 0


async def _serve(settings: GatewaySettings, log: KafkaLog, serde: Serde, clock: Clock, stop: asyncio.Event) -> None:
    """Until `stop` is set, and then until what is under way is answered.  Raises NotListeningError."""
    health = Health(clock)
    recent = Recent(clock, for_s=settings.remember_s, at_most=settings.remember_ids)
    server = GatewayServer(Parts(settings, OrderAcceptance(log, recent, serde.encode, clock), health, clock))
    await server.start()
    _LOG.info("gateway-listens", url=server.url, channels=sorted(settings.secrets))
    looking = asyncio.create_task(_look(log, health, clock))
    await stop.wait()
    looking.cancel()
    if not await server.stop(STOP_WITHIN):
        _LOG.warning("requests-cut-off", after_s=STOP_WITHIN.total_seconds())
    with contextlib.suppress(asyncio.CancelledError):
        await looking


async def _look(log: KafkaLog, health: Health, clock: Clock) -> None:
    """Keeps readiness true to the brokers, whether orders come or not."""
    while True:
        why = await asyncio.to_thread(log.answers, TOPIC, LOOK_EVERY.total_seconds())
        was_away = any(one.name == AWAY for one in health.troubles)
        if why:
            health.trouble(AWAY, why, blocks=True)
        else:
            health.over(AWAY)
        if bool(why) != was_away:
            _LOG.warning("kafka-away" if why else "kafka-back", why=why)
        await clock.sleep(LOOK_EVERY)
