"""Row locks: a write holds its record and the parent that it hangs on, and whoever comes meanwhile is refused.

Fact: writes to children lock their parent (vendor's guides on record locking).  The real org waits up to 10 s first;
here nobody waits, so that a test sees the refusal at once.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from simulators.salesforce.errors import locked


class Locks:
    def __init__(self) -> None:
        self._held: set[str] = set()

    @asynccontextmanager
    async def hold(self, keys: Collection[str]) -> AsyncIterator[None]:
        """Raises ApiError where one of them is held."""
        wanted = set(keys)
        if wanted & self._held:
            raise locked()
        self._held |= wanted
        try:
            yield
        finally:
            self._held -= wanted
