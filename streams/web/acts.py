"""What operators may do from the pages: a narrow port; the application carries it out and audits it.

Every act is audited before it is done, and its ids are derived from the act's id: the same act twice is one act.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from schemas.models.order import Order
from streams.runtime.lookback import Place as LetterPlace

Mode = Literal["run", "shadow", "paused"]


class Mandate(NamedTuple):
    """Who does it and why; `id` is the same for every repeat of one act."""

    id: str
    actor: str
    reason: str


class Place(NamedTuple):
    """A bucket of a location, as the ledger names it; None stands for all."""

    sku: str
    location: str | None = None
    bucket: str | None = None


class OrderAct(NamedTuple):
    """What is said of an order; `before` is how it stood, `order` what it shall be where it is corrected."""

    order_id: str
    kind: Literal["RELEASED", "REFUSED", "CORRECTED", "CANCEL_REQUESTED"]
    before: str
    order: Order | None = None


class ActFailedError(Exception):
    """It was not done, or it is not known whether it was; repeating it is safe."""


class LetterAct(NamedTuple):
    """What is done with which letters; `places` are where the letters themselves lie.

    `fields` is what is corrected before they are sent: name → value, None empties it.
    """

    kind: Literal["retry", "edit", "discard"]
    places: Sequence[LetterPlace]
    fields: Mapping[str, str | None] | None = None


class LettersEnded(NamedTuple):
    """How it ended; `is_refused` where nothing was done because somebody has dealt with one of them."""

    text: str
    done: int
    failed: int = 0
    is_refused: bool = False


Told = Callable[[int, int], None]
"""Called now and then: letters dealt with, letters in all."""


class LetterActs(Protocol):
    """Works on dead letters, as `commerce-streams dead-letters` does: paced, watched, each letter audited."""

    async def work(self, act: LetterAct, mandate: Mandate, told: Told) -> LettersEnded:
        """Takes as long as it takes.  Raises ActFailedError, after which what was not sent is open."""
        ...

    async def correctable(self, topic: str, value: bytes) -> Mapping[str, str | None]:
        """The fields of a record that may be corrected, as they stand; empty where it cannot be read."""
        ...


class Acts(Protocol):
    """Each returns when the broker has it.  Raises ActFailedError."""

    async def set_sink(self, role: str, mode: Mode, before: str, mandate: Mandate) -> None:
        """How a sink runs, on every worker, until the next order."""
        ...

    async def resume(self, topic: str, mandate: Mandate) -> None:
        """A topic whose intake was paused is read again."""
        ...

    async def accept_gap(self, topic: str, partition: int, upto: int, mandate: Mandate) -> None:
        """Records before `upto` left the log unread: go on without them."""
        ...

    async def recount(self, place: Place, mandate: Mandate) -> None:
        """Asks the source systems to state a quantity anew."""
        ...

    async def rebase(self, place: Place, before: str, quantity: int, mandate: Mandate) -> None:
        """States what a bucket holds as of now, whatever the records said; quantity in micros."""
        ...

    async def reconcile(self, scope: str, repair: tuple[str, ...] | None, mandate: Mandate) -> None:
        """Compares the shop's stock once: `full`, or the `window` of the last minutes; the act's id is the run's."""
        ...

    async def reveal(self, letter: str, mandate: Mandate) -> None:
        """Notes that the content of a letter is shown to a person."""
        ...

    async def order(self, act: OrderAct, mandate: Mandate) -> None:
        """A person releases, rejects, corrects or cancels an order: an event of it like any other."""
        ...

    async def reveal_order(self, order_id: str, mandate: Mandate) -> None:
        """Notes that the people of an order are shown to a person."""
        ...
