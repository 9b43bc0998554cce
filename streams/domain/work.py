"""What a sink still has to do for one entity, and what it may do next: the rules that make a call happen once.

Commands of an entity are done one after the other, in the order they came.  Before each call an intent is kept; an
intent that is found later means that a call may have had its effect: it is looked up before anything is sent again.
At a target that creates anew that look waits until the call can no longer be running; and where a call was repeated
after such a look, the target is looked at once more when both have had their time: the first may have landed after all.
At one that upserts the same command can be called again at once, but no other command of the entity before that time:
it could be overtaken.
Times are microseconds since 1970 in UTC.
"""

from enum import Enum
from typing import Literal, NamedTuple

import msgspec

FORMAT = 1
MASKED_AT_MOST = 5
"""Calls that a target may refuse without a reason, before a person must look."""
REMEMBERED = 64
"""Ended commands per entity that a repeat is known by; an entity has a handful."""

Verdict = Literal["new", "duplicate"]


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A command as it came; `place` is (topic, partition, offset)."""

    command_id: str
    value: bytes
    place: tuple[str, int, int]


class Intent(msgspec.Struct, frozen=True, array_like=True):
    """A call that may be under way, or may have been when its worker ended."""

    command_id: str
    started_at: int


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """A command whose effect is known."""

    command_id: str
    state: str
    external_id: str | None = None


class Check(msgspec.Struct, frozen=True, array_like=True):
    """A command that was called twice: from `at` on the target shows whether both calls had their effect."""

    command_id: str
    value: bytes
    at: int


class Work(msgspec.Struct, frozen=True, array_like=True):
    """`held` says why a person must look; nothing is sent meanwhile.  Until `busy_until` an earlier call may run."""

    pending: tuple[Pending, ...] = ()
    ended: tuple[Ended, ...] = ()
    intent: Intent | None = None
    attempts: int = 0
    not_before: int = 0
    held: str | None = None
    busy_until: int = 0
    format: int = FORMAT
    masked: int = 0
    """Calls of the head that were refused without a reason."""
    is_doubtful: bool = False
    """A call of the head was looked for and not found; it may land all the same."""
    checks: tuple[Check, ...] = ()
    """Oldest first."""

    @property
    def is_unfinished(self) -> bool:
        return bool(self.pending or self.checks)

    @property
    def head(self) -> Pending:
        """The command that is next."""
        return self.pending[0]


class Step(Enum):
    """What may be done now."""

    NOTHING = "nothing"
    WAIT = "wait"
    LOOK = "look"
    CALL = "call"
    CHECK = "check"


class Next(NamedTuple):
    """`at` is when to ask again, where the step is WAIT."""

    step: Step
    at: int = 0


class Manner(NamedTuple):
    """How a target behaves: `upserts` where a second call for a command is the same effect.

    `settle` is how long (µs) a call whose outcome is unknown may still be running or unseen.
    """

    upserts: bool
    settle: int


def received(work: Work, command: Pending) -> tuple[Work, Verdict]:
    """The command is queued, unless it is known already."""
    known = {one.command_id for one in work.pending} | {one.command_id for one in work.ended}
    if command.command_id in known:
        return work, "duplicate"
    return msgspec.structs.replace(work, pending=(*work.pending, command)), "new"


def next_step(work: Work, now: int, manner: Manner) -> Next:
    """After a LOOK that found nothing the call may be made at once.

    A target that does not upsert is asked before every call: what a lost table no longer knows, it still does.
    """
    check = work.checks[0].at if work.checks else None
    if check is not None and check <= now:
        return Next(Step.CHECK)
    found = _next_of_head(work, now, manner)
    if check is None or found.step in {Step.LOOK, Step.CALL}:
        return found
    return Next(Step.WAIT, min(check, found.at) if found.step is Step.WAIT else check)


def _next_of_head(work: Work, now: int, manner: Manner) -> Next:
    if not work.pending or work.held is not None:
        return Next(Step.NOTHING)
    if work.not_before > now:
        return Next(Step.WAIT, work.not_before)
    if work.intent is not None:
        settled_at = 0 if manner.upserts else work.intent.started_at + manner.settle
        return Next(Step.WAIT, settled_at) if now < settled_at else Next(Step.LOOK)
    if not work.attempts and now < work.busy_until:
        return Next(Step.WAIT, work.busy_until)
    return Next(Step.CALL if manner.upserts else Step.LOOK)


def taken(work: Work, *, but: str = "") -> frozenset[str]:
    """Ids at the target of what commands came to, but for the one that is named."""
    return frozenset(one.external_id for one in work.ended if one.external_id is not None and one.command_id != but)


def calling(work: Work, now: int) -> Work:
    """The intent of the head's next call."""
    intent = Intent(work.head.command_id, now)
    return msgspec.structs.replace(work, intent=intent, attempts=work.attempts + 1, not_before=0)


def unknown(work: Work, now: int, look_at: int, *, is_masked: bool = False) -> Work:
    """The call may have had its effect; counted from now, because its last request left later than its first.

    `is_masked`: the target refused it without a reason.
    """
    intent = Intent(work.head.command_id, now)
    return msgspec.structs.replace(work, intent=intent, not_before=look_at, masked=work.masked + is_masked)


def looked_up(work: Work, manner: Manner) -> Work:
    """The target answered; the call of an open intent may still be running."""
    if work.intent is None:
        return work
    busy_until = max(work.busy_until, work.intent.started_at + manner.settle)
    return msgspec.structs.replace(work, intent=None, busy_until=busy_until, is_doubtful=not manner.upserts)


def is_failing(work: Work) -> bool:
    """Whether the head was called in vain: put off, left without an answer, or called anew since."""
    return (
        bool(work.pending) and work.held is None and (work.attempts > 1 or (work.attempts == 1 and work.not_before > 0))
    )


def is_given_up(work: Work) -> bool:
    """Whether the target refused the head often enough without a reason; it is looked up before anyone is told."""
    return work.masked >= MASKED_AT_MOST


def put_off(work: Work, until: int) -> Work:
    """The call provably had no effect; the same again, later."""
    return msgspec.structs.replace(work, intent=None, not_before=until)


def uncalled(work: Work, until: int) -> Work:
    """The call of the intent never left."""
    return msgspec.structs.replace(work, intent=None, attempts=work.attempts - 1, not_before=until)


def ended(work: Work, state: str, external_id: str | None = None, *, check_at: int | None = None) -> Work:
    """The head's effect is known; the next command may go.  One that was called twice is looked at again then."""
    done = Ended(work.head.command_id, state, external_id)
    kept = (*work.ended, done)[-REMEMBERED:]
    checks = work.checks
    if work.is_doubtful and work.attempts > 1 and check_at is not None:
        checks = (*checks, Check(work.head.command_id, work.head.value, check_at))
    return Work(pending=work.pending[1:], ended=kept, busy_until=work.busy_until, checks=checks)


def checked(work: Work) -> Work:
    """The oldest check is answered."""
    return msgspec.structs.replace(work, checks=work.checks[1:])


def held(work: Work, why: str) -> Work:
    """A person must look before anything more is sent for this entity."""
    return msgspec.structs.replace(work, held=why)


def encode(work: Work) -> bytes:
    return msgspec.msgpack.encode(work)


def decode(stored: bytes) -> Work:
    return msgspec.msgpack.decode(stored, type=Work)
