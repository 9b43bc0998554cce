"""Sends dead letters again: one as a probe, then ten, then the rest at a pace, and stops when they fail again."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import NamedTuple, Protocol

from streams.runtime.operating.letters import DeadLetter

PROBES = (1, 10)
FAIL_AT_MOST = 0.05
FAIL_IN_A_ROW = 3


class Fate(Enum):
    """What became of a letter that was sent again."""

    WAITING = "no worker has read it yet"
    TAKEN = "read without another letter"
    APPLIED = "shown by the shop"
    SUPERSEDED = "read, and newer state is there: it changed nothing"
    FAILED = "set aside again"


class Watch(Protocol):
    """Follows what becomes of letters; `sent` begins it, `look` takes about the time it is given."""

    def sent(self, letters: Sequence[DeadLetter]) -> None:
        """They were sent just now."""
        ...

    def look(self, within_s: float) -> None:
        """Learn what there is to learn within the time."""
        ...

    def fate(self, letter: DeadLetter) -> Fate:
        """What is known of it by now."""
        ...


class Monotonic(Protocol):
    """A clock that only goes forward."""

    def monotonic(self) -> float:
        """Seconds."""
        ...


class Retried(NamedTuple):
    """How a retry ended; `stopped` where it ended itself before the last letter."""

    sent: int
    taken: int
    applied: int
    failed: tuple[DeadLetter, ...]
    waiting: tuple[DeadLetter, ...]
    left: int
    stopped: str
    superseded: int = 0
    theirs: tuple[str, ...] = ()
    """Letters that somebody else was quicker with, in words; nothing was sent of them."""

    @property
    def summary(self) -> str:
        """One sentence, for the command line and for the pages."""
        parts = [f"{self.sent:,} sent"]
        parts += [f"{self.taken:,} read without another letter"] if self.taken else []
        parts += [f"{self.superseded:,} superseded: newer state is there"] if self.superseded else []
        parts += [f"{self.applied:,} shown by the shop"] if self.applied else []
        parts += [f"{len(self.waiting):,} not known yet"] if self.waiting else []
        parts += [f"{len(self.failed):,} failed again"] if self.failed else []
        parts += [f"{len(self.theirs):,} left to somebody who was quicker"] if self.theirs else []
        parts += [f"{self.left:,} not sent, because {self.stopped}"] if self.left else []
        return ", ".join(parts) + "."


class Pace(NamedTuple):
    """Letters a second after the probes, and how long to wait for a probe's fate (seconds)."""

    rate: int = 50
    patience_s: float = 30.0


STEADY = Pace()


def keep_going(results: Sequence[bool]) -> bool:
    """Whether a retry may go on after these results (True: it failed again), oldest first."""
    if len(results) >= FAIL_IN_A_ROW and all(results[-FAIL_IN_A_ROW:]):
        return False
    return sum(results) <= FAIL_AT_MOST * len(results)


def stages(letters: Sequence[DeadLetter], rate: int) -> Iterator[tuple[list[DeadLetter], bool]]:
    """What goes out together, and whether its fate is awaited before the next."""
    rest = iter(letters)
    for size in PROBES:
        if probe := list(islice(rest, size)):
            yield probe, True
    while chunk := list(islice(rest, rate)):
        yield chunk, False


Send = Callable[[Sequence[DeadLetter]], tuple[Sequence[DeadLetter], Sequence[str]]]
"""Sends letters; those that went out, and of the others why not."""


class Retry:
    """One run over a frozen set."""

    def __init__(self, send: Send, watch: Watch, clock: Monotonic, pace: Pace = STEADY) -> None:
        self._send, self._watch, self._clock, self._pace = send, watch, clock, pace
        self._sent: list[DeadLetter] = []
        self._theirs: list[str] = []

    def run(self, letters: Sequence[DeadLetter], progress: Callable[[int, int], None]) -> Retried:
        """Returns with counts; an interrupt leaves what was not sent open."""
        stopped = ""
        for chunk, awaited in stages(letters, self._pace.rate):
            began = self._clock.monotonic()
            sent, theirs = self._send(chunk)
            self._sent += sent
            self._theirs += theirs
            self._watch.sent(sent)
            progress(len(self._sent) + len(self._theirs), len(letters))
            if awaited:
                self._await(sent)
            else:
                self._watch.look(max(0.0, 1.0 - (self._clock.monotonic() - began)))
            stopped = self._why_stop(sent if awaited else [])
            if stopped:
                break
        if not stopped:
            self._await(self._sent)
        return self._result(len(letters), stopped)

    def _await(self, letters: Sequence[DeadLetter]) -> None:
        until = self._clock.monotonic() + self._pace.patience_s
        while self._waiting(letters) and (left := until - self._clock.monotonic()) > 0:
            self._watch.look(min(1.0, left))

    def _waiting(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        return [letter for letter in letters if self._watch.fate(letter) is Fate.WAITING]

    def _why_stop(self, probe: Sequence[DeadLetter]) -> str:
        fates = [self._watch.fate(letter) for letter in self._sent]
        if not keep_going([fate is Fate.FAILED for fate in fates if fate is not Fate.WAITING]):
            return "they fail again"
        if self._waiting(probe):
            return f"no worker said within {self._pace.patience_s:g} s what became of them"
        return ""

    def _result(self, total: int, stopped: str) -> Retried:
        fates = {letter.letter_id: self._watch.fate(letter) for letter in self._sent}
        failed = tuple(letter for letter in self._sent if fates[letter.letter_id] is Fate.FAILED)
        counts = list(fates.values())
        left = total - len(self._sent) - len(self._theirs)
        return Retried(
            sent=len(self._sent),
            taken=counts.count(Fate.TAKEN),
            applied=counts.count(Fate.APPLIED),
            failed=failed,
            waiting=tuple(self._waiting(self._sent)),
            left=left,
            stopped=stopped if left or failed else "",
            superseded=counts.count(Fate.SUPERSEDED),
            theirs=tuple(self._theirs),
        )
