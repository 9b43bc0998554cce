"""Credentials that are replaced while a process runs: the next call after it signs in with the new one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from connectors.core.auth import Auth
from connectors.core.calls import Dependencies, Method
from connectors.core.settings import ConnectorSettings

S = TypeVar("S", bound=ConnectorSettings)


def renewed_auth(settings: S, dependencies: Dependencies, make: Callable[[S, Dependencies], Auth]) -> Auth:
    """What `make` makes of the settings, and anew once `dependencies.renewed` has others."""
    kind, renewed = type(settings), dependencies.renewed
    if renewed is None:
        return make(settings, dependencies)

    def now() -> S:
        found = renewed()
        return found if isinstance(found, kind) else settings

    return _Renewed(settings, now, lambda found: make(found, dependencies))


class _Renewed(Generic[S]):
    """The one before stays open until the end: calls may be under way with it, and there are few in a process's life.

    Where a new credential cannot be used at all, calls fail with what `make` raises, until it is replaced again.
    """

    def __init__(self, settings: S, now: Callable[[], S], make: Callable[[S], Auth]) -> None:
        self._of, self._now, self._make = settings, now, make
        self._made = [make(settings)]

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:
        auth = self._current()
        async with aclosing(auth.flow(method, url)) as flow:
            async for headers in flow:
                yield headers  # whoever comes back was refused: by now there may be another credential
                if self._current() is not auth:
                    break
            else:
                return
        async with aclosing(self._current().flow(method, url)) as flow:
            yield await anext(flow)

    def secrets(self) -> tuple[str, ...]:
        """Old ones too: a target may repeat them."""
        return tuple(secret for auth in self._made for secret in auth.secrets())

    async def close(self) -> None:
        for auth in self._made:
            await auth.close()

    def _current(self) -> Auth:
        found = self._now()
        if found is not self._of and found != self._of:
            self._made.append(self._make(found))
            self._of = found
        return self._made[-1]
