"""Runs one worker: checks first, then works until a signal, and says what it left."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta

from streams.app.application import Application
from streams.app.introspection import VERSION
from streams.app.pages import install_pages
from streams.app.preparation import PreparationError, prepare, take_port
from streams.app.targets import choose_live
from streams.domain.reasons import DeadReason
from streams.runtime import logs, metrics
from streams.runtime.clock import SystemClock
from streams.runtime.data_dir import DataDir, DataDirError
from streams.runtime.metrics import BUILD
from streams.runtime.operating.brokers import Brokers
from streams.runtime.serde import RegistryUnavailableError, SchemaMissingError
from streams.settings import LiveSettings, SettingsError
from streams.tables import TABLES
from streams.topics import READ

EXIT_CANNOT_RUN = 2
STOP_WITHIN = timedelta(seconds=30)
TURN_S = 0.0005
"""How long one thread may keep another waiting: the consumer has a thread of its own, and several hops a fetch."""


def run(environ: Mapping[str, str]) -> int:
    """Exit code: 0 after a clean stop, 2 where it could not start (one line says why), 70 after a fault."""
    clock = SystemClock()
    try:
        live = LiveSettings(environ, logs.secret_not_taken)
        settings = live.at_start
        data_dir = DataDir(settings.data_dir)
        data_dir.take()
        port = take_port(settings.web)
        choices = choose_live(live)
        prepared = prepare(settings, Brokers(settings.kafka))
        worker_id = settings.worker_id or f"{settings.web.host}:{port}"
        BUILD.labels(VERSION).set(1)
        metrics.begin((topic.name for topic in READ), DeadReason, (table.name for table in TABLES))
        logs.configure(settings.logs.level, settings.logs.format, clock.monotonic, worker=worker_id)
        application = Application(settings, prepared, choices, clock=clock, web_port=port)
        install_pages(application, lambda: live.now().web)
    except (SettingsError, DataDirError, PreparationError) as error:
        return _cannot_run(error)
    _settle_memory()
    sys.setswitchinterval(TURN_S)
    try:
        return asyncio.run(_work(application))
    except SchemaMissingError as error:
        return _cannot_run(error)
    except RegistryUnavailableError as error:
        line = f"STREAMS_SCHEMA_REGISTRY__URL: the schema registry does not answer: {error}"
        return _cannot_run(PreparationError(line))
    finally:
        data_dir.release()


def _settle_memory() -> None:
    """What was loaded stays; the collector need not walk it, nor every batch, to find that nothing is garbage.

    With Python's own threshold a third of a busy worker's time went into such walks.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _cannot_run(error: Exception) -> int:
    print(f"commerce-streams: {error}", file=sys.stderr)  # noqa: T201  the one line
    return EXIT_CANNOT_RUN


async def _work(application: Application) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await application.start()
    except (SchemaMissingError, RegistryUnavailableError):
        raise
    except Exception as error:  # noqa: BLE001  a half-started worker has threads that would keep it alive
        application.failed(error)
    await stop.wait()
    try:
        async with asyncio.timeout(STOP_WITHIN.total_seconds()):
            await application.stop()
    except TimeoutError:
        logs.logger("streams.worker").error("stop-took-too-long", limit_s=STOP_WITHIN.total_seconds())
        os._exit(0)
    return 0
