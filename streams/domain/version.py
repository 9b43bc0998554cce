"""(epoch, counter) of an entity: decides older or newer wherever two values of it meet."""

from typing import NamedTuple


class Version(NamedTuple):
    """Compared as a tuple.

    `epoch` is the second since 1970 in which the entity's table was built from nothing or an operator promoted a
    rebuild; `counter` rises with each change of the entity.
    """

    epoch: int
    counter: int

    def next(self) -> "Version":
        return Version(self.epoch, self.counter + 1)

    def __str__(self) -> str:
        return f"{self.epoch}.{self.counter}"


NOTHING_SEEN = Version(0, 0)
