"""What a role's sink can do with a command: look its effect up, or call for it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.models.command import Command
from streams.domain.work import Manner


class Effect(NamedTuple):
    """What the target now holds: its own id, and the word or number that people call it."""

    external_id: str | None
    value: str | None = None


class Acts(Protocol):
    """One role; every method raises from `connectors.core.errors`."""

    role: str
    manner: Manner

    async def look(self, command: Command) -> Sequence[Effect]:
        """Every effect of the command that the target has; more than one is for a person."""
        ...

    async def call(self, command: Command) -> Effect:
        """Have it done.  May be called again where `manner.upserts`, else only after `look` found nothing."""
        ...
