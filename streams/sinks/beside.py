"""What happens beside a call of a command sink, in another part of the worker: before it, and with its outcome."""

from collections.abc import Sequence
from typing import Protocol

from schemas.models.command import Command
from schemas.models.operations import OutcomeState


class Beside(Protocol):
    """Every method may be called again with the same; raises LeaseLostError."""

    async def arrived(self, commands: Sequence[Command]) -> None:
        """They are stored, and have not ended."""
        ...

    async def may_go(self, command: Command) -> bool:
        """Asked before a look and the call after it; where it may not, it is asked again soon."""
        ...

    async def put_off(self, command: Command) -> None:
        """The call provably had no effect, and comes again later."""
        ...

    async def ended(self, command: Command, state: OutcomeState, *, is_sure: bool) -> None:
        """How it ended is stored; `is_sure` where the effect came of our own call just now."""
        ...


class Nothing:
    """Most targets have nothing beside them."""

    async def arrived(self, commands: Sequence[Command]) -> None:
        """Nothing to do."""

    async def may_go(self, command: Command) -> bool:  # noqa: ARG002  always
        """It may."""
        return True

    async def put_off(self, command: Command) -> None:
        """Nothing to do."""

    async def ended(self, command: Command, state: OutcomeState, *, is_sure: bool) -> None:
        """Nothing to do."""
