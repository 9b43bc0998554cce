"""What a simulated system does with a document by itself after it was made: which steps, and when.

Which document gets which steps is a pure function of seed, plan and the document's name, so that the same orders tell
the same story in every run, whatever the order of the calls.
"""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, Protocol, runtime_checkable

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Rate = Annotated[float, msgspec.Meta(gt=0)]

_WHOLE = 2**64


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`what` the vendor does, `after_s` seconds after the making, to a `share` of the documents.

    `ends`: a document that gets it gets nothing planned for later.
    """

    what: str
    after_s: Seconds
    share: Share = 1.0
    ends: bool = False


class Due(NamedTuple):
    """One step of one document."""

    at: float
    key: str
    what: str


class Happening(NamedTuple):
    """What became of a step: `effect` is False where the document was no longer in a state for it."""

    at: float
    key: str
    what: str
    effect: bool
    detail: dict[str, object]


@runtime_checkable
class Living(Protocol):
    """A vendor whose documents go on by themselves."""

    def live(self, now: float) -> Sequence[Happening]:
        """Do everything that is due by then, once, oldest first."""
        ...


def fate(plan: Sequence[Step], seed: int, key: str, made_at: float, rate: float) -> Iterator[Due]:
    """The steps of one document in order of time; `rate` 2 is twice as fast."""
    for number, step in sorted(enumerate(plan), key=lambda one: one[1].after_s):
        if _chance(seed, key, f"{number}:{step.what}") >= step.share:
            continue
        yield Due(made_at + step.after_s / rate, key, step.what)
        if step.ends:
            return


@dataclass(slots=True)
class Life:
    """The steps that are still to come, of every document; part of a vendor's state, so that a reset forgets them."""

    plan: Sequence[Step] = ()
    seed: int = 0
    rate: float = 1.0
    _waiting: list[Due] = field(default_factory=list)

    def begin(self, key: str, made_at: float) -> None:
        """The document was made: its steps are planned."""
        for due in fate(self.plan, self.seed, key, made_at, self.rate):
            heapq.heappush(self._waiting, due)

    def take(self, now: float) -> Iterator[Due]:
        """Each step that is due, once."""
        while self._waiting and self._waiting[0].at <= now:
            yield heapq.heappop(self._waiting)

    @property
    def left(self) -> int:
        return len(self._waiting)


def check_plan(plan: Sequence[Step], known: frozenset[str]) -> None:
    """Raises ValueError that names a step which the vendor cannot do."""
    unknown = sorted({one.what for one in plan} - known)
    if unknown:
        raise ValueError(f"no step {', '.join(unknown)}; there are: {', '.join(sorted(known))}")


def _chance(seed: int, key: str, name: str) -> float:
    digest = hashlib.blake2b(f"{seed}|{key}|{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _WHOLE
