"""Surrounds every record: a rule that fails on one must not stop the others, and must not empty a topic unseen."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
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


class _Count:
    """How one rule fared lately; a success costs nothing but the count."""

    __slots__ = ("failures", "row", "runs")

    def __init__(self) -> None:
        self.runs = self.row = 0
        self.failures: deque[int] = deque(maxlen=OF_THE_LAST)
        """Which runs failed, of the last ones."""

    def failed(self) -> str | None:
        """Counts a failure; in words how many there were, where they are too many."""
        self.runs += 1
        self.row += 1
        self.failures.append(self.runs)
        while self.failures[0] <= self.runs - OF_THE_LAST:
            self.failures.popleft()
        lately = len(self.failures)
        if self.row >= IN_A_ROW or (self.runs >= OF_THE_LAST and lately >= SHARE * OF_THE_LAST):
            return f"{self.row} unexpected errors in a row, {lately} of the last {OF_THE_LAST}"
        return None


class Guard:
    """One per topic; each rule is counted by itself.

    `pause` is called, then IntakePausedError ends the batch before a letter of it is written.
    """

    def __init__(self, topic: str, pause: Callable[[str, str], None]) -> None:
        self._topic, self._pause = topic, pause
        self._counts: dict[str, _Count] = defaultdict(_Count)

    def run(self, rule: Callable[..., Result], *args: Any) -> Result | Refused:  # Any: the rule's own arguments
        """The rule's result, or the refusal that sets the record aside as `unexpected-error`.

        Raises IntakePausedError.
        """
        return self.each(rule, (args,))[0]

    def each(self, rule: Callable[..., Result], items: Iterable[tuple[Any, ...]]) -> list[Result | Refused]:
        """As `run`, for the arguments of one record after the other."""
        try:
            name = rule.__qualname__
        except AttributeError:  # a callable object
            name = type(rule).__qualname__
        count = self._counts[name]
        found: list[Result | Refused] = []
        for item in items:
            try:
                result = rule(*item)
            except Exception as error:  # noqa: BLE001  the one place that may: the record becomes a dead letter
                found.append(self._refused(name, error))
                continue
            count.runs += 1
            count.row = 0
            found.append(result)
        return found

    def _refused(self, name: str, error: Exception) -> Refused:
        _LOG.exception("rule-failed", topic=self._topic, rule=name)
        too_many = self._counts[name].failed()
        if too_many is not None:
            self._pause(self._topic, too_many)
            self._counts.clear()
            raise IntakePausedError(f"{self._topic}: {too_many}") from error
        return Refused(DeadReason.UNEXPECTED_ERROR, f"{type(error).__name__} in {name}")
