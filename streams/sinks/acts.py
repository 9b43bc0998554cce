"""What a role's sink can do with a command: look its effect up, or call for it."""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from connectors.core.errors import RejectedPayloadError
from schemas.models.command import Command
from schemas.models.order_event import Track
from streams.domain.work import Manner


class Effect(NamedTuple):
    """What the target now holds: its own id, what people call it, and a sentence where one is due.

    `tracks` are cartons that it put on their way; `amount` is what it costs, in micros of `currency`.
    """

    external_id: str | None
    value: str | None = None
    detail: str = ""
    tracks: tuple[Track, ...] = ()
    amount: int | None = None
    currency: str | None = None


class Look(NamedTuple):
    """Every effect of a command that the target has; more than one is for a person.

    `go` is the call, decided on what was just read: what would be read again for it is a few ms older, no more.
    """

    found: Sequence[Effect] = ()
    go: Callable[[], Awaitable[Effect]] | None = None


NONE_TAKEN: AbstractSet[str] = frozenset()


class CodedRefusalError(RejectedPayloadError):
    """Refused by ourselves, for a reason that has a code: that one is kept with the order."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, status=None)
        self.code = code


class Acts(Protocol):
    """One role; every method raises from `connectors.core.errors`.

    A `PermanentError`, of `look` too, ends the command as dead with its words.
    """

    role: str
    manner: Manner
    keeps: bool
    """Whether what the target has twice stays there: a person can look, but nobody can take one back."""

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:
        """`taken` are what earlier commands of the entity came to, by external id: none is this one's."""
        ...

    async def call(self, command: Command) -> Effect:
        """Have it done.  May be called again where `manner.upserts`, else only after `look` found nothing."""
        ...
