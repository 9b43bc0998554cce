"""Runs the pollers: checks first, then round after round until a signal, or one round each."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from connectors.core.errors import ConnectorError
from streams.app.poll_choice import TOPIC_OF, Opened, all_opened, chosen
from streams.app.poll_loop import keep_polling
from streams.app.targets import Choice, alive
from streams.rights import by_topic, needed
from streams.runtime import logs
from streams.runtime.clock import Clock, SystemClock
from streams.runtime.cluster import Cluster
from streams.runtime.health import Health
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.serde import Serde
from streams.settings import LiveSettings, Settings
from streams.sources import shop_orders
from streams.sources.cursors import TOPIC as CURSORS
from streams.sources.cursors import CursorTopic
from streams.sources.heard import Heard, Listener
from streams.sources.kafka_log import KafkaLog, NotAppendedError
from streams.sources.poller import Round, Rounds, Watch
from streams.sources.probe_server import ProbeServer
from streams.sources.process import look_at_kafka, refuse_without_rights
from streams.sources.reference import ReferencePoller

MICROS = 1_000_000
FLUSH_S = 2.0
END_S = 3.0
"""The listener looks at least every second whether it shall end."""
_LOG = logs.logger("streams.poll")


class Ended(msgspec.Struct, frozen=True):
    """How a round of `poll --once` ended; `error` is "" where it came to the end of its source."""

    poller: str
    round: Round | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    clock: Clock
    serde: Serde
    log: KafkaLog

    @property
    def listens_from(self) -> int:
        """Orders that were placed since then are watched for whether events brought them (µs)."""
        return self.clock.micros() - round(self.settings.poll.overlap_s * MICROS)


def run(environ: Mapping[str, str], names: Sequence[str] = (), *, once: bool = False) -> tuple[Ended, ...]:
    """Empty after a stop by signal; with `once` how each round ended.

    Raises CannotStartError, NotListeningError, SettingsError, UnreadableCursorError, ClusterUnavailableError,
    SchemaMissingError, RegistryUnavailableError: nothing was appended then.
    """
    clock, live = SystemClock(), LiveSettings(environ, logs.secret_not_taken)
    settings = live.at_start
    choices = {name: alive(choice, live) for name, choice in chosen(settings, names).items()}
    check_topics(settings, Cluster(settings.kafka), choices)
    where = f"poll {settings.poll.host}:{settings.poll.port}"
    logs.configure(settings.logs.level, settings.logs.format, clock.monotonic, worker=where)
    return asyncio.run(_work(settings, clock, choices, names=names, once=once))


def check_topics(settings: Settings, cluster: Cluster, choices: Mapping[str, Choice]) -> None:
    """Everything that is read and written exists, and this user may.  Raises CannotStartError."""
    rights = needed("poll", settings, choices)
    refuse_without_rights(cluster, settings, "poll", rights, cluster.topic_rights(by_topic(rights)))


def _topics(choices: Mapping[str, Choice]) -> list[str]:
    return [CURSORS, *(TOPIC_OF[name] for name in choices)]


async def _work(
    settings: Settings, clock: Clock, choices: Mapping[str, Choice], *, names: Sequence[str], once: bool
) -> tuple[Ended, ...]:
    with OperatorRegistry(settings.schema_registry) as registry:
        serde = Serde(registry, clock)
        await serde.prepare(_topics(choices))
        parts = _Parts(settings, clock, serde, KafkaLog(settings.kafka, settings.poll.append_s))
        is_named = bool(names or settings.poll.pollers)
        open_: list[Opened] = []
        try:
            open_ = all_opened(choices, settings, clock, serde.encode, is_named=is_named)
            return await _poll(parts, open_, once=once)
        finally:
            for one in open_:
                await one.ports.close()
            left = await asyncio.to_thread(parts.log.close, FLUSH_S)
            _LOG.info("poll-stopped", unacknowledged=left)


async def _poll(parts: _Parts, open_: Sequence[Opened], *, once: bool) -> tuple[Ended, ...]:
    cursors = CursorTopic(parts.settings, parts.log, parts.serde)
    kept = await cursors.kept()
    since = parts.listens_from
    grace = round(parts.settings.poll.gap_after_s * MICROS)
    heard = Heard(shop_orders.NAME, parts.clock, grace=grace, since=since)

    def rounds_of(one: Opened) -> Rounds:
        name = one.poller.name
        watch: Watch | None = heard if name == shop_orders.NAME else None
        if isinstance(one.poller, ReferencePoller):
            watch = one.poller.rows
        return Rounds(one.poller, parts.log, cursors, parts.clock, cursor=kept.get(name), watch=watch)

    rounds = [rounds_of(one) for one in open_]
    if once:
        return tuple([await _once(one) for one in rounds])
    await _serve(parts, open_, rounds, Listener(parts.settings, parts.serde, parts.clock, heard, since))
    return ()


async def _once(rounds: Rounds) -> Ended:
    name = rounds.poller.name
    try:
        return Ended(name, await rounds.round())
    except ConnectorError as error:
        return Ended(name, None, error.message)
    except NotAppendedError as error:
        return Ended(name, None, str(error))


async def _serve(parts: _Parts, open_: Sequence[Opened], rounds: Sequence[Rounds], listener: Listener) -> None:
    """Until a signal; what is cut off then is read again by the next process.  Raises NotListeningError."""
    stop, health = asyncio.Event(), Health(parts.clock)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    poll = parts.settings.poll
    server = ProbeServer(poll.host, poll.port, health, "STREAMS_POLL__PORT")
    await server.start()
    health.is_working = True
    _LOG.info("poll-listens", url=server.url, pollers=[one.poller.name for one in open_])
    polling = [
        asyncio.create_task(keep_polling(one, each, health, parts.clock))
        for one, each in zip(open_, rounds, strict=True)
    ]
    looking = asyncio.create_task(look_at_kafka(parts.log, CURSORS, health, parts.clock))
    listening = asyncio.create_task(listener.listen())
    await stop.wait()
    listener.end()
    await asyncio.wait([listening], timeout=END_S)
    await _cancelled(*polling, looking, listening)
    await server.stop()


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
