"""One poller's life: round after round, and how long to wait after one that failed."""

from connectors.core.errors import ConfigurationError, ConnectorError, PermanentError
from streams.app.poll_choice import Opened
from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.logs import logger
from streams.sources.kafka_log import NotAppendedError
from streams.sources.poller import Rounds

AFTER_A_FAILURE_S = 1.0
AFTER_A_FAULT_S = 30.0
JITTER = 0.1
"""Of the interval: processes side by side drift apart."""
_LOG = logger("streams.poll")


async def keep_polling(one: Opened, rounds: Rounds, health: Health, clock: Clock) -> None:
    """A failure makes the next round wait, as long as the target asks for; it stops nothing else."""
    while True:
        wait_s = await _round(one, rounds, health)
        if wait_s:
            await one.calls.rest(wait_s)
        else:
            await clock.sleep(one.every * (1 + JITTER * (clock.random() - 0.5)))


async def _round(one: Opened, rounds: Rounds, health: Health) -> float:
    """0, or for how many seconds at least to wait after the failure."""
    name = one.poller.name
    try:
        await rounds.round()
    except ConfigurationError as error:
        return _failed(health, name, error, blocks=True)
    except PermanentError as error:  # of the whole list: it is refused again, so nothing is gained by haste
        _failed(health, name, error, blocks=True)
        return one.every.total_seconds()
    except ConnectorError as error:
        return _failed(health, name, error, blocks=False)
    except NotAppendedError as error:
        return _failed(health, name, error, blocks=True)
    except Exception:  # noqa: BLE001  a fault of one poller must not stop the others; log, probe and alert tell it
        _LOG.exception("poll-fault", poller=name)
        health.trouble(_trouble(name), "a fault of this program; its log has it", blocks=True)
        return AFTER_A_FAULT_S
    health.over(_trouble(name))
    return 0.0


def _failed(health: Health, name: str, error: Exception, *, blocks: bool) -> float:
    """A target that is away makes nobody unready: it comes back by itself."""
    why = str(error)[:300]
    _LOG.warning("poll-failed", poller=name, error=type(error).__name__, why=why)
    health.trouble(_trouble(name), why, blocks=blocks)
    return AFTER_A_FAILURE_S


def _trouble(name: str) -> str:
    return f"poll/{name}"
