"""The standing order to read a range of one partition again, as it lies in `operator.control.v1`.

Key `replay/<topic>/<partition>`; the newest record holds.  An operator writes it as wanted, the worker that has the
partition writes how far it is, so that the next owner goes on from there.
"""

from typing import NamedTuple

from schemas.models.operations import OperatorControl
from streams.runtime.control import key_of

REPLAY = "replay"
WANTED, RUNNING, DONE, REFUSED = "wanted", "running", "done", "refused"
OPEN = (WANTED, RUNNING)


class Again(NamedTuple):
    """Offsets from `first` up to, not including, `end`; below `reached` it is done."""

    topic: str
    partition: int
    first: int
    end: int
    reached: int

    @property
    def key(self) -> str:
        return key_of(REPLAY, self.topic, self.partition)

    @property
    def value(self) -> str:
        return f"{self.first}-{self.end}@{self.reached}"

    @property
    def left(self) -> int:
        """At most."""
        return max(0, self.end - self.reached)


def again_of(order: OperatorControl) -> Again | None:
    """None for an order of another kind, or one that cannot be read."""
    kind, _, rest = order.key.partition("/")
    topic, _, partition = rest.rpartition("/")
    span, _, reached = order.value.partition("@")
    first, _, end = span.partition("-")
    numbers = (partition, first, end, reached)
    if kind != REPLAY or not all(number.isdecimal() for number in numbers):
        return None
    return Again(topic, int(partition), int(first), int(end), int(reached))
