"""Every reservation as its owner decided it, followed in memory: the answer, the look-up, and what a repeat finds."""

import asyncio
from collections import Counter

from schemas.models.stock_reservation import Reservation
from streams.domain.reservation import OPEN
from streams.runtime.metrics import RESERVATIONS_OPEN


class ReservationBook:
    """`streams.runtime.reference_table.Rows`, and who waits for more.

    A topic that is read anew finds the book as it is: of one reservation the newest decision stays.
    """

    def __init__(self) -> None:
        self._rows: dict[str, Reservation] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._open: Counter[str] = Counter()

    # ── what is known ────────────────────────────────────────────────────────────────────────────

    def get(self, reservation_id: str) -> Reservation | None:
        return self._rows.get(reservation_id)

    async def after(self, reservation_id: str, revision: int) -> Reservation:
        """The first that is newer than `revision`; waits for it."""
        while True:
            known = self.get(reservation_id)
            if known is not None and known.revision > revision:
                return known
            await self._news(reservation_id)

    async def _news(self, reservation_id: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(reservation_id, [])
        waiting.append(future)
        try:
            await future
        finally:
            waiting.remove(future)
            if not waiting:
                self._waiting.pop(reservation_id, None)

    # ── what is read ─────────────────────────────────────────────────────────────────────────────

    def put(self, key: str, model: Reservation) -> None:
        known = self._rows.get(key)
        if known is not None and (known.decided_at, known.revision) >= (model.decided_at, model.revision):
            return
        self.drop(key)
        self._rows[key] = model
        self._count(model, 1)
        for future in self._waiting.get(key, ()):
            if not future.done():
                future.set_result(None)

    def drop(self, key: str) -> None:
        known = self._rows.pop(key, None)
        if known is not None:
            self._count(known, -1)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def _count(self, one: Reservation, times: int) -> None:
        if one.state in OPEN:
            self._open[one.state] += times
            RESERVATIONS_OPEN.labels(one.state).set(self._open[one.state])
