"""How many rows go into one call: as many as the platform takes, as few as keep its answers quick."""

from dataclasses import dataclass, replace

SLOW_S = 5.0
QUICK_S = 1.5


@dataclass(frozen=True, slots=True)
class BatchSize:
    """`now` rows a call; never above `most`, which is the setting's or what the platform named as its limit."""

    now: int
    most: int

    def limited(self, maximum: int) -> "BatchSize":
        """The platform takes at most so many."""
        most = max(1, min(self.most, maximum))
        return BatchSize(min(self.now, most), most)

    def answered(self, rows: int, seconds: float) -> "BatchSize":
        """Grow by half after a quick full call, halve after a slow one."""
        if seconds > SLOW_S and rows > 1:
            return replace(self, now=max(1, rows // 2))
        if seconds < QUICK_S and rows >= self.now:
            return replace(self, now=min(self.most, self.now + max(1, self.now // 2)))
        return self
