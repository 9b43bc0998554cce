"""How long a row waits before it gets another try: longer each time, never for good.  Times in µs."""

from typing import NamedTuple

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND


class Waits(NamedTuple):
    """`first`, then twice as long each time, at most `longest`."""

    first: int
    longest: int

    def after(self, tries: int) -> int:
        """So long after a failure that came after `tries` others."""
        doublings = min(max(0, tries), (self.longest // self.first).bit_length())
        return min(self.first << doublings, self.longest)


PUT_OFF = Waits(5 * SECOND, 5 * MINUTE)
"""Of a row that stays dirty while others go on."""
PARKED = Waits(10 * MINUTE, 6 * HOUR)
"""Of a row that the shop refused alone without a reason."""
