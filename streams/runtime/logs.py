"""One line per event, fields not sentences: never a payload, token, e-mail address or address.

Faust, aiokafka and others log through the standard library; their lines are brought into the same form, and what
repeats (aiokafka writes thousands of lines while a broker is away) is let through once a minute with a count.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from streams.runtime import log_traces

QUIET_SECONDS = 60.0
NOISY = ("aiokafka", "faust", "mode", "abc", "asyncio", "httpx", "httpx2", "httpcore", "httpcore2")
Fields = MutableMapping[str, Any]  # Any: whatever a field holds


class Throttle(logging.Filter):
    """A message template of a noisy logger passes once a minute; the next one says how many were held back."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._passed: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(NOISY):
            return True
        key, now = (record.name, str(record.msg)[:60]), self._monotonic()
        if now - self._passed.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            self._held[key] = self._held.get(key, 0) + 1
            return False
        self._passed[key] = now
        held = self._held.pop(key, 0)
        if held:
            record.msg = f"{record.getMessage()} (and {held} times before)"
            record.args = ()
        return True


def configure(level: str, form: str, monotonic: Callable[[], float], **bound: str) -> None:
    """Once per process; `bound` stands on every line (worker, app)."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)

    def bind(_logger: Any, _name: str, fields: Fields) -> Fields:  # Any: structlog's logger
        return {**bound, **fields}

    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        bind,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                log_traces.as_field,
                renderer,
            ],
        )
    )
    handler.addFilter(Throttle(monotonic))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    made: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return made


def secret_not_taken(line: str) -> None:
    """A secret's file was replaced by something that is none: whoever did it can mend it, and all goes on as before."""
    logger("streams.settings").warning("secret-not-taken", why=line)
