"""Folds the records of one SKU into its entry, one by one in log order."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from streams.domain import scope as scope_rules
from streams.domain.movements import Movement, Movements
from streams.domain.reasons import DeadReason, IgnoreReason
from streams.domain.scope import Change, Doubt, Scope, Step
from streams.domain.stock_door import Admitted, Refused
from streams.domain.stock_entry import CAUSES_KEPT, Cause, SourceState, StockEntry, has_room
from streams.domain.stock_rules import Owner, StockRules


class MovementBook(Protocol):
    """The movements of one SKU, with what this fold adds and forgets on top."""

    def of(self, scope: int) -> Movements:
        """The movements of one scope as they stand now."""
        ...

    def note(self, scope: int, remember: Movement | None, forget: tuple[Movement, ...]) -> None:
        """Add and forget movements of one scope."""
        ...


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one record: accepted where both reasons are None."""

    ignored: IgnoreReason | None = None
    dead: Refused | None = None
    doubt: Doubt | None = None
    scope: Scope | None = None


ACCEPTED = Verdict()


def fold_change(
    entry: StockEntry, admitted: Admitted, cause: Cause, *, book: MovementBook, rules: StockRules
) -> tuple[StockEntry, Verdict]:
    """One stock change; the entry is the same object where nothing changed."""
    owned = _scope_for(entry, admitted, rules)
    if isinstance(owned, Refused):
        return entry, Verdict(dead=owned)
    step = fold_scope(owned, admitted.change, book.of(owned.number), rules.horizon)
    if isinstance(step, Verdict):
        return entry, step
    _forget_former_owner(entry, owned, book)
    book.note(owned.number, step.remember, step.forget)
    return taken(entry, _scopes_with(entry, step.scope), ((admitted.source_code, cause),)), verdict_of(step)


def fold_scope(scope: Scope, change: Change, movements: Movements, horizon: int) -> Step | Verdict:
    """The same for a bucket that the record's sender states: what it did there, or why it counts nothing."""
    try:
        step = scope_rules.apply(scope, change, movements, horizon)
    except scope_rules.OutOfRangeError as error:
        return Verdict(dead=Refused(DeadReason.QUANTITY_OUT_OF_RANGE, str(error)))
    return step if step.ignored is None else Verdict(ignored=step.ignored, doubt=step.doubt, scope=scope)


def verdict_of(step: Step) -> Verdict:
    """Of a record that counted."""
    return ACCEPTED if step.doubt is None else Verdict(doubt=step.doubt, scope=step.scope)


def fold_rebase(
    entry: StockEntry, location: str, bucket: str, *, change: Change, book: MovementBook
) -> tuple[StockEntry, Verdict]:
    """An operator's restatement of a scope that the entry knows."""
    scope = entry.scope(location, bucket)
    if scope is None:
        unknown = Refused(DeadReason.UNKNOWN_LOCATION, f"no record of {bucket} at {location!r} for this SKU")
        return entry, Verdict(dead=unknown)
    try:
        step: Step = scope_rules.rebase(scope, change, book.of(scope.number))
    except scope_rules.OutOfRangeError as error:
        return entry, Verdict(dead=Refused(DeadReason.QUANTITY_OUT_OF_RANGE, str(error)))
    if step.ignored is not None:
        return entry, Verdict(ignored=step.ignored, doubt=step.doubt, scope=scope)
    book.note(scope.number, step.remember, step.forget)
    return _with_scope(entry, step.scope), ACCEPTED


def _scope_for(entry: StockEntry, admitted: Admitted, rules: StockRules) -> Scope | Refused:
    """The scope the record belongs to, where its sender owns it; a new one for the first record."""
    known = entry.scope(admitted.location, admitted.bucket)
    if known is not None and is_stated_by(admitted, known, rules):
        return known
    return _owned(entry, admitted, known, rules.owner_of(admitted.location, admitted.bucket))


def is_stated_by(admitted: Admitted, scope: Scope, rules: StockRules) -> bool:
    """Whether the record's sender is the one that states the bucket: so it is for nearly every record."""
    if scope.source_system != admitted.source_system or scope.owner_code != admitted.owner_code:
        return False
    owner = rules.owner_of(admitted.location, admitted.bucket)
    return owner is None or owner == (admitted.source_system, admitted.owner_code)


def _owned(entry: StockEntry, admitted: Admitted, known: Scope | None, owner: Owner | None) -> Scope | Refused:
    """`owner` is the configured one; without it who came first owns the place."""
    sender = Owner(admitted.source_system, admitted.owner_code)
    if owner is None and known is not None:
        owner = Owner(known.source_system, known.owner_code)
    if owner is not None and owner != sender:
        place = f"{admitted.bucket} at {admitted.location!r}"
        return Refused(DeadReason.NOT_OWNER, f"{place} belongs to {'/'.join(owner)!r}, not {'/'.join(sender)!r}")
    new = Scope(entry.next_scope, admitted.location, admitted.bucket, *sender)  # type: ignore[arg-type]  # checked at the door
    if known is None and not has_room(entry, admitted.source_code, new):
        return Refused(DeadReason.TOO_MANY_LOCATIONS, f"{len(entry.scopes)} buckets of locations are known already")
    return new


def _forget_former_owner(entry: StockEntry, owned: Scope, book: MovementBook) -> None:
    """A configured owner that takes a place over starts it anew."""
    former = entry.scope(owned.location, owned.bucket)
    if former is not None and former.number != owned.number:
        book.note(former.number, None, tuple(book.of(former.number).up_to(former.newest_at)))


def _with_scope(entry: StockEntry, scope: Scope) -> StockEntry:
    scopes = _scopes_with(entry, scope)
    return msgspec.structs.replace(entry, scopes=scopes, next_scope=max(entry.next_scope, scope.number + 1))


def taken(entry: StockEntry, scopes: tuple[Scope, ...], causes: Sequence[tuple[str, Cause]]) -> StockEntry:
    """The entry with its buckets as they now are, after records that counted at these sources, in order.

    For all records of a batch at once: the entry is made anew for a SKU, not for a record.
    """
    sources = entry.sources
    for code in dict.fromkeys(code for code, _ in causes):
        state, own = entry.source(code), [cause for source, cause in causes if source == code]
        counted = msgspec.structs.replace(
            state,
            changes=state.changes + len(own),
            cause_input=own[-1].source,
            cause_offset=own[-1].offset,
            since=state.since or own[0].at,
        )
        sources = _sources_with(sources, counted)
    return msgspec.structs.replace(
        entry,
        scopes=scopes,
        sources=sources,
        next_scope=max(entry.next_scope, *(scope.number + 1 for scope in scopes)),
        causes=(*entry.causes, *(cause.offset for _, cause in causes[-CAUSES_KEPT:]))[-CAUSES_KEPT:],
    )


def _scopes_with(entry: StockEntry, scope: Scope) -> tuple[Scope, ...]:
    """Replaces the scope of the same place, or adds it."""
    for number, old in enumerate(entry.scopes):
        if old.location == scope.location and old.bucket == scope.bucket:
            return (*entry.scopes[:number], scope, *entry.scopes[number + 1 :])
    return (*entry.scopes, scope)


def _sources_with(sources: tuple[SourceState, ...], state: SourceState) -> tuple[SourceState, ...]:
    """Replaces the state of the same source, or puts it in its place: sources stay sorted by code."""
    for number, old in enumerate(sources):
        if old.code == state.code:
            return (*sources[:number], state, *sources[number + 1 :])
    return tuple(sorted((*sources, state), key=lambda one: one.code))


def with_source(entry: StockEntry, state: SourceState) -> StockEntry:
    """The entry with one source's state replaced or added."""
    return msgspec.structs.replace(entry, sources=_sources_with(entry.sources, state))
