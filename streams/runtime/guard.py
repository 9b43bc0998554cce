"""Surrounds every record: a rule that fails on one must not stop the others, and must not empty a topic unseen."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.runtime.logs import logger
from streams.runtime.pool import LeftError

Result = TypeVar("Result")

IN_A_ROW = 100
OF_THE_LAST = 1000
SHARE = 0.5
_LOG = logger("streams.guard")


class IntakePausedError(LeftError):
    """So many rules failed that a bad deploy is likelier than bad records: the batch is left as it is."""


class Guard:
    """One per topic.  `pause` is called once, then IntakePausedError ends the batch before a letter is written."""

    def __init__(self, topic: str, pause: Callable[[str, str], None]) -> None:
        self._topic, self._pause = topic, pause
        self._row = 0
        self._recent: deque[bool] = deque(maxlen=OF_THE_LAST)
        self._failed = 0

    def run(self, rule: Callable[..., Result], *args: Any) -> Result | Refused:  # Any: the rule's own arguments
        """The rule's result, or the refusal that sets the record aside as `unexpected-error`."""
        try:
            result = rule(*args)
        except Exception as error:  # noqa: BLE001  the one place that may: the record becomes a dead letter
            _LOG.exception("rule-failed", topic=self._topic, rule=getattr(rule, "__qualname__", str(rule)))
            self._count(failed=True)
            return Refused(DeadReason.UNEXPECTED_ERROR, f"{type(error).__name__} in {rule.__qualname__}")
        self._count(failed=False)
        return result

    def _count(self, *, failed: bool) -> None:
        if len(self._recent) == self._recent.maxlen:
            self._failed -= self._recent[0]
        self._recent.append(failed)
        self._failed += failed
        self._row = self._row + 1 if failed else 0
        full = len(self._recent) == OF_THE_LAST
        if self._row >= IN_A_ROW or (full and self._failed >= SHARE * OF_THE_LAST):
            self._pause(
                self._topic, f"{self._row} unexpected errors in a row, {self._failed} of the last {OF_THE_LAST}"
            )
            self.forget()

    def forget(self) -> None:
        """Intake was resumed: count from the beginning."""
        self._row = self._failed = 0
        self._recent.clear()
