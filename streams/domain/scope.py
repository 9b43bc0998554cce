"""What one bucket of one location holds: the newest count plus the movements after it.

The value of a scope is a function of the *set* of records it accepted, whatever their order, as long as none comes
later than the horizon: the newest ABSOLUTE by effective time plus every DELTA effective after it.
"""

from enum import Enum

import msgspec

from schemas.models.stock_change import Bucket, StockChange
from streams.domain.movements import Movement, Movements, identity_of
from streams.domain.quantities import TOTAL_LIMIT
from streams.domain.reasons import IgnoreReason

REMEMBERED_AT_MOST = 4096
"""Movements that a scope keeps; beyond it the oldest are folded as if the horizon had passed."""

FOLDED_AT_ONCE = 256
LAZY_SHARE = 16
"""Folding runs when movements are older than the horizon by a sixteenth of it, so that one pass serves many records."""

NEVER = -(2**63)


class Scope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One bucket of one location, stated by one system for one goods owner.  Quantities in micros, times in µs."""

    number: int
    location: str
    bucket: Bucket
    source_system: str
    owner_code: str
    base_at: int = NEVER
    base_recorded_at: int = NEVER
    base_sequence: int = NEVER
    base_offset: int = -1
    base: int = 0
    after_base: int = 0
    web: int = 0
    newest_at: int = NEVER
    folded_at: int = NEVER
    remembered: int = 0
    oldest_at: int = 0
    last_sequence: int = NEVER
    last_result: int = 0
    suspect: bool = False
    top_sequence: int = NEVER

    def is_new(self, sequence: int) -> bool:
        """Whether no record with this sequence, or a higher one, was ever remembered: then it is no repeat."""
        return sequence > self.top_sequence

    @property
    def has_base(self) -> bool:
        return self.base_at != NEVER

    @property
    def value(self) -> int:
        """Micros in the bucket, counted from the newest base (from 0 where there is none)."""
        return self.base + self.after_base


class Change(msgspec.Struct, frozen=True, gc=False):
    """A record that passed the door: unit converted, allocation of a web order recognised."""

    kind: str
    at: int
    recorded_at: int
    sequence: int
    identity: bytes
    offset: int
    quantity: int
    counted: int
    web: int
    previous: int | None
    result: int | None


class Doubt(Enum):
    """Why a scope's number should be stated anew."""

    MISFIT = "SUSPECT"
    TIE = "TIE"
    TOO_OLD = "TOO_OLD"


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one record did to a scope."""

    scope: Scope
    ignored: IgnoreReason | None = None
    remember: Movement | None = None
    forget: tuple[Movement, ...] = ()
    doubt: Doubt | None = None


class OutOfRangeError(ValueError):
    """The sum would not fit the stored form."""


def change_of(change: StockChange, *, offset: int, counted: int, web: int) -> Change:
    """`change` is in sales units; `counted` is what it adds to the bucket, `web` what it adds for web orders."""
    sequence = change.source_sequence
    return Change(
        kind=change.kind,
        at=change.effective_at,
        recorded_at=change.recorded_at,
        sequence=NEVER if sequence is None else sequence,
        identity=identity_of(change),
        offset=offset,
        quantity=change.quantity,
        counted=counted,
        web=web,
        previous=change.previous_quantity,
        result=_result(change),
    )


def _result(change: StockChange) -> int | None:
    """The bucket after the change as the source saw it, where the record lets us know."""
    if change.resulting_quantity is not None:
        return change.resulting_quantity
    if change.kind == "ABSOLUTE":
        return change.quantity
    return None if change.previous_quantity is None else change.previous_quantity + change.quantity


def apply(scope: Scope, change: Change, movements: Movements, horizon: int) -> Step:
    """One record, in log order.  `horizon` in µs.  Raises OutOfRangeError where the sum would not fit."""
    if movements.has(change.identity):
        return Step(scope, IgnoreReason.DUPLICATE)
    is_count = change.kind == "ABSOLUTE"
    step = _count(scope, change, movements, horizon) if is_count else _delta(scope, change, horizon)
    return step if step.ignored is not None else _in_range(_fold(step, movements, horizon))


def _in_range(step: Step) -> Step:
    """What the stored form cannot hold must be a dead letter: a worker that fails on it would fail for ever."""
    scope = step.scope
    within = (
        -TOTAL_LIMIT <= scope.base <= TOTAL_LIMIT
        and -TOTAL_LIMIT <= scope.after_base <= TOTAL_LIMIT
        and -TOTAL_LIMIT <= scope.base + scope.after_base <= TOTAL_LIMIT
        and -TOTAL_LIMIT <= scope.web <= TOTAL_LIMIT
    )
    if not within:
        raise OutOfRangeError(f"the bucket would hold {scope.value} micros")
    return step


def is_too_old(scope: Scope, at: int, horizon: int) -> bool:
    """At or before the fold point: what came from then on is no longer told apart."""
    return scope.newest_at != NEVER and (at <= scope.newest_at - horizon or at <= scope.folded_at)


def _delta(scope: Scope, change: Change, horizon: int) -> Step:
    contained = change.at <= scope.base_at
    if contained and not change.web:
        return Step(scope, IgnoreReason.CONTAINED)
    if is_too_old(scope, change.at, horizon):
        return Step(scope, IgnoreReason.TOO_OLD, doubt=Doubt.TOO_OLD)
    after_base = scope.after_base + (0 if contained else change.counted)
    web, doubt = scope.web + change.web, _misfit(scope, change)
    return _remembered(scope, change, after_base, web, suspect=scope.suspect, doubt=doubt)


def _count(scope: Scope, change: Change, movements: Movements, horizon: int) -> Step:
    if change.at < scope.base_at:
        return Step(scope, IgnoreReason.STALE)
    if is_too_old(scope, change.at, horizon):  # also for a tie: deltas after it may be folded into the base
        return Step(scope, IgnoreReason.TOO_OLD, doubt=Doubt.TOO_OLD)
    if change.at == scope.base_at:
        return _tie(scope, change)
    after = movements.sum_after(change.at) if change.at < scope.newest_at else 0
    doubt = _misfit(scope, change)
    return _remembered(_rebased(scope, change), change, after, scope.web, suspect=False, doubt=doubt)


def _tie(scope: Scope, change: Change) -> Step:
    """Two counts of the same moment: the later recorded wins, and the number is in doubt either way."""
    ours = (scope.base_recorded_at, scope.base_sequence, scope.base_offset)
    theirs = (change.recorded_at, change.sequence, change.offset)
    kept = _rebased(scope, change) if theirs > ours else scope
    return _remembered(kept, change, scope.after_base, scope.web, suspect=True, doubt=Doubt.TIE)


def _rebased(scope: Scope, change: Change) -> Scope:
    return msgspec.structs.replace(
        scope,
        base_at=change.at,
        base_recorded_at=change.recorded_at,
        base_sequence=change.sequence,
        base_offset=change.offset,
        base=change.quantity,
    )


def _misfit(scope: Scope, change: Change) -> Doubt | None:
    """The source says what it saw before; only its directly preceding record can contradict it."""
    follows = change.sequence != NEVER and change.sequence == scope.last_sequence + 1
    fits = change.previous is None or change.previous == scope.last_result
    return Doubt.MISFIT if follows and not fits else None


def _remembered(scope: Scope, change: Change, after_base: int, web: int, *, suspect: bool, doubt: Doubt | None) -> Step:
    """Keep the record's identity and effect; note its place in the source's own count.  One copy: for every record."""
    newer = change.sequence > scope.last_sequence and change.result is not None
    kept = msgspec.structs.replace(
        scope,
        after_base=after_base,
        web=web,
        newest_at=max(scope.newest_at, change.at),
        oldest_at=change.at if scope.remembered == 0 else min(scope.oldest_at, change.at),
        remembered=scope.remembered + 1,
        last_sequence=change.sequence if newer else scope.last_sequence,
        last_result=change.result if newer and change.result is not None else scope.last_result,
        suspect=suspect or doubt is Doubt.MISFIT,
        top_sequence=max(scope.top_sequence, change.sequence),
    )
    effect = 0 if change.kind == "ABSOLUTE" else change.counted
    return Step(kept, remember=Movement(change.at, change.identity, effect), doubt=doubt)


def _fold(step: Step, movements: Movements, horizon: int) -> Step:
    """Forget what is older than the horizon, or beyond the bound; what it counted moves into the base."""
    scope = step.scope
    until = scope.newest_at - horizon
    if scope.oldest_at > until - horizon // LAZY_SHARE:
        if scope.remembered <= REMEMBERED_AT_MOST:
            return step
        gone = tuple(movements.oldest(FOLDED_AT_ONCE, scope.oldest_at))
        until = gone[-1].at
    else:
        gone = tuple(movements.up_to(until, scope.oldest_at))
    # noted in both cases: a horizon that is set longer later must not reach behind what is folded
    scope = msgspec.structs.replace(scope, folded_at=max(scope.folded_at, until))
    new = step.remember
    if new is not None and new.at <= until:
        return Step(_without(scope, (*gone, new), movements.first_after(until)), forget=gone, doubt=step.doubt)
    left = [at for at in (movements.first_after(until), None if new is None else new.at) if at is not None]
    return Step(_without(scope, gone, min(left, default=None)), remember=new, forget=gone, doubt=step.doubt)


def _without(scope: Scope, gone: tuple[Movement, ...], oldest_at: int | None) -> Scope:
    counted = sum(movement.effect for movement in gone if movement.at > scope.base_at)
    return msgspec.structs.replace(
        scope,
        base=scope.base + counted,
        after_base=scope.after_base - counted,
        remembered=scope.remembered - len(gone),
        oldest_at=oldest_at or 0,
    )


def rebase(scope: Scope, change: Change, movements: Movements) -> Step:
    """An operator's word: the bucket holds this as of then, whatever the counts said; newer deltas still count.

    So it is too old where some of those are folded already.  Raises OutOfRangeError, as `apply` does.
    """
    if movements.has(change.identity):
        return Step(scope, IgnoreReason.DUPLICATE)
    if change.at <= scope.folded_at:
        return Step(scope, IgnoreReason.TOO_OLD, doubt=Doubt.TOO_OLD)
    stated = msgspec.structs.replace(_rebased(scope, change), base_recorded_at=2**63 - 1)
    after = movements.sum_after(change.at)
    return _in_range(_remembered(stated, change, after, scope.web, suspect=False, doubt=None))
