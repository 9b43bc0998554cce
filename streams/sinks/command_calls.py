"""One step of an entity's work at the target: look, call, and what is told of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

import msgspec

from connectors.core.errors import (
    ConnectorError,
    LeaseLostError,
    LockedError,
    MaskedFailureError,
    PermanentError,
    RejectedPayloadError,
    UnknownOutcomeError,
)
from schemas.models.cause import Cause
from schemas.models.command import Command
from schemas.models.operations import Outcome, OutcomeState
from streams.domain import work
from streams.domain.reasons import DeadReason
from streams.domain.work import Step, Work
from streams.runtime.logs import logger
from streams.runtime.metrics import COMMANDS_ENDED, EFFECTS, IN_FLIGHT, UNKNOWN_OUTCOMES
from streams.runtime.outbox import Message
from streams.sinks.acts import CodedRefusalError, Effect, Look
from streams.sinks.sink_context import NOTHING, Entity, SinkContext
from streams.sinks.sink_meter import SinkMeter
from streams.sinks.work_table import Told

SHADOW_LOOKS_EVERY_US = 60_000_000
ASKED_AGAIN_US = 200_000
"""What has to be in order beside the call is usually so soon."""
MICROS = 1_000_000
AGAIN_S, LOCKED_AT_MOST_S = 0.2, 10.0
SUSPECTED = "duplicate-suspected"
Mode = Literal["run", "shadow", "paused"]
_LOG = logger("streams.command-sink")


class CommandCalls:
    """`step` may be called for several entities side by side, for one entity only after its last step ended."""

    def __init__(self, context: SinkContext, mode: Callable[[], Mode], meter: SinkMeter) -> None:
        self._at, self._mode, self._meter = context, mode, meter
        self.ended: set[Entity] = set()
        """Entities with nothing to do but to be looked at once more."""
        self._just_ended: set[Entity] = set()

    def just_ended(self, entity: Entity) -> bool:
        """Whether the last step of the entity ended a command; asked once."""
        is_so = entity in self._just_ended
        self._just_ended.discard(entity)
        return is_so

    async def step(self, entity: Entity) -> int | None:
        """One step of the entity; when to take it up again, None where nothing is left."""
        await self._at.tell_left(entity.partition)
        before = await self._at.work(entity)
        (self.ended.discard if before.pending or not before.checks else self.ended.add)(entity)
        next_ = work.next_step(before, self._at.clock.micros(), self._at.acts.manner)
        if next_.step is Step.WAIT:
            return next_.at
        if next_.step is Step.NOTHING:
            return None
        if next_.step is Step.CHECK:
            return await self._check(entity, before)
        command = await self._command(before.head.value)
        if self._mode() != "shadow" and not await self._at.beside.may_go(command):
            return self._at.clock.micros() + ASKED_AGAIN_US
        if next_.step is Step.LOOK or self._mode() == "shadow":
            return await self._look(entity, before, command)
        return await self._call(entity, before, command)

    async def _command(self, value: bytes) -> Command:
        [decoded] = await self._at.serde.decode(self._at.contract, [value])
        if not isinstance(decoded, Command):
            raise TypeError(f"a stored command no longer reads: {decoded}")
        return decoded

    async def _look(self, entity: Entity, before: Work, command: Command) -> int | None:
        at = self._at
        if not await self._enter():
            return self._when_ready()
        at.gate.leaving()
        try:
            look = await at.acts.look(command, work.taken(before))
        except PermanentError as error:
            at.gate.succeeded()
            return await self._refused(entity, command, error)
        except LeaseLostError:
            raise
        except ConnectorError as error:
            return await self._not_seen(before, command, error)
        at.gate.succeeded()
        if before.intent is not None:
            await at.change(entity, lambda one: work.looked_up(one, at.acts.manner))
        return await self._looked(entity, before, command, look)

    async def _looked(self, entity: Entity, before: Work, command: Command, look: Look) -> int | None:
        """What the target holds decides what is done."""
        found = look.found
        if len(found) > 1:
            await self._hold(entity, command, found)
            return self._at.clock.micros() if self._at.acts.keeps else None
        if found:
            detail = found[0].detail or "it was there already"
            return await self._end(entity, command, "APPLIED", found[0], detail=detail)
        if work.is_given_up(before):
            refused = RejectedPayloadError(f"refused {before.masked} times without a reason", status=None)
            return await self._refused(entity, command, refused)
        if self._mode() == "shadow":
            return self._at.clock.micros() + SHADOW_LOOKS_EVERY_US
        return await self._call(entity, before, command, look.go)

    async def _not_seen(self, before: Work, command: Command, error: ConnectorError) -> int:
        """The target did not answer; without an open intent nothing can be under way."""
        _LOG.warning("look-failed", error=type(error).__name__, kind=command.kind, order=command.entity)
        if before.intent is None:
            await self._at.beside.put_off(command)
        return self._later(error)

    async def _call(
        self, entity: Entity, before: Work, command: Command, go: Callable[[], Awaitable[Effect]] | None = None
    ) -> int | None:
        """`go` is the call where a look has decided it just now."""
        at = self._at
        started = at.clock.micros()
        await self._at.change(entity, lambda one: work.calling(one, started))
        if not await self._enter():
            later = self._when_ready()
            await self._at.change(entity, lambda one: work.uncalled(one, later))
            return later
        at.gate.leaving()
        try:
            with IN_FLIGHT.labels(at.gate.target).track_inprogress():
                effect = await (go() if go else at.acts.call(command))
        except LeaseLostError:
            raise
        except PermanentError as error:
            at.gate.succeeded()
            return await self._refused(entity, command, error)
        except ConnectorError as error:
            return await self._no_answer(entity, before, command, error)
        at.gate.succeeded()
        attempts = before.attempts + 1
        return await self._end(
            entity, command, "APPLIED", effect, detail=effect.detail, started_at=started, attempts=attempts
        )

    async def _no_answer(self, entity: Entity, before: Work, command: Command, error: ConnectorError) -> int:
        """The effect may be there, or provably is not.  A target that hides its reason is there, and serves others."""
        is_hidden = isinstance(error, MaskedFailureError) and not self._at.acts.manner.upserts
        if is_hidden:
            self._at.gate.answered()
        later = self._at.clock.micros() if is_hidden else self._later(error, before.attempts)
        self._at.gate.done()
        _LOG.warning("call-failed", error=type(error).__name__, kind=command.kind, order=command.entity)
        if isinstance(error, UnknownOutcomeError) or is_hidden:
            UNKNOWN_OUTCOMES.labels(self._at.gate.target, command.kind).inc()
            now = self._at.clock.micros()
            await self._at.change(entity, lambda one: work.unknown(one, now, later, is_masked=is_hidden))
            return later
        await self._at.change(entity, lambda one: work.put_off(one, later))
        await self._at.beside.put_off(command)
        return later

    def _later(self, error: ConnectorError, attempts: int = 0) -> int:
        """The gate knows how long the target wants to be left alone; a lock is asked for more and more seldom."""
        self._at.gate.failed(error)
        least = min(LOCKED_AT_MOST_S, AGAIN_S * 2 ** min(attempts, 8)) if isinstance(error, LockedError) else AGAIN_S
        return self._when_ready(least)

    async def _enter(self) -> bool:
        """Takes the place; False where the target is left alone meanwhile, or the sink closes or is paused."""
        return await self._at.gate.enter(lambda: self._at.is_closing or self._mode() == "paused")

    def _when_ready(self, least_s: float = AGAIN_S) -> int:
        return self._at.clock.micros() + int(max(least_s, self._at.gate.ready_in()) * MICROS)

    async def _check(self, entity: Entity, before: Work) -> int | None:
        """Both calls of a command may have had their effect; then a person must look at the order."""
        at, check = self._at, before.checks[0]
        command = await self._command(check.value)
        if not await self._enter():
            return self._when_ready()
        at.gate.leaving()
        try:
            found = (await at.acts.look(command, work.taken(before, but=check.command_id))).found
        except LeaseLostError:
            raise
        except PermanentError:
            found = ()
        except ConnectorError as error:
            return self._later(error)
        at.gate.succeeded()
        if len(found) > 1:
            await at.tell(entity.partition, await self._suspect(entity, command, found, work.checked))
        else:
            await at.change(entity, work.checked)
        return at.clock.micros()

    # ── what became of it ────────────────────────────────────────────────────────────────────────

    async def _refused(self, entity: Entity, command: Command, error: PermanentError) -> int | None:
        effect = Effect(None, None)
        reason = error.code if isinstance(error, CodedRefusalError) else DeadReason.REJECTED.value
        return await self._end(entity, command, "DEAD", effect, reason=reason, detail=error.message)

    async def _hold(self, entity: Entity, command: Command, found: Sequence[Effect]) -> None:
        """What stays twice is an end as well: what is asked for next must not wait for it."""
        if self._at.acts.keeps:
            counts = {f"{self._at.command_topic}/applied": 1}
            told = await self._suspect(entity, command, found, lambda one: work.ended(one, "HELD"), counts)
        else:
            told = await self._suspect(entity, command, found, lambda one: work.held(one, SUSPECTED))
        await self._say(entity, told, command, "HELD", is_sure=False)

    async def _suspect(
        self,
        entity: Entity,
        command: Command,
        found: Sequence[Effect],
        change: Callable[[Work], Work],
        counts: Mapping[str, int] = NOTHING,
    ) -> Told:
        """Kept, and to be told."""
        COMMANDS_ENDED.labels(self._at.acts.role, "held").inc()
        names = ", ".join(sorted(effect.value or effect.external_id or "?" for effect in found))
        outcome = self._outcome(
            command, "HELD", Effect(None, names), reason=SUSPECTED, detail=f"the target holds {names}"
        )
        return await self._keep(entity, outcome, change, counts)

    async def _end(
        self,
        entity: Entity,
        command: Command,
        state: OutcomeState,
        effect: Effect,
        *,
        reason: str | None = None,
        detail: str = "",
        started_at: int | None = None,
        attempts: int = 1,
    ) -> int | None:
        outcome = self._outcome(command, state, effect, reason=reason, detail=detail)
        outcome = msgspec.structs.replace(outcome, attempts=attempts, started_at=started_at or outcome.at)
        counts = {f"{self._at.command_topic}/{state.lower()}": 1}
        check_at = outcome.at + self._at.acts.manner.settle if state == "APPLIED" else None
        told = await self._keep(
            entity, outcome, lambda one: work.ended(one, state, effect.external_id, check_at=check_at), counts
        )
        EFFECTS.labels(self._at.gate.target, command.kind, state.lower()).inc()
        COMMANDS_ENDED.labels(self._at.acts.role, state.lower()).inc()
        self._just_ended.add(entity)
        self._meter.ended(command, is_applied=state == "APPLIED")
        await self._say(entity, told, command, state, is_sure=started_at is not None)
        left = await self._at.work(entity)
        return self._at.clock.micros() if left.is_unfinished else None

    async def _say(self, entity: Entity, told: Told, command: Command, state: OutcomeState, *, is_sure: bool) -> None:
        """Who works beside hears of it, and the outcome leaves: each whether or not the other can."""
        try:
            await self._at.beside.ended(command, state, is_sure=is_sure)
        finally:
            await self._at.tell(entity.partition, told)

    async def _keep(
        self, entity: Entity, outcome: Outcome, change: Callable[[Work], Work], counts: Mapping[str, int]
    ) -> Told:
        """State and outcome are one write; the outcome leaves after it, and again after a kill."""
        self._at.gate.done()
        topic = self._at.outcome_topic
        message = Message(topic, entity.name.encode(), self._at.serde.encode(topic, outcome))
        told = Told(f"{outcome.command_id}/{outcome.state}".encode(), message)
        await self._at.change(entity, change, counts, told=told)
        return told

    def _outcome(
        self, command: Command, state: OutcomeState, effect: Effect, *, reason: str | None, detail: str
    ) -> Outcome:
        now = self._at.clock.micros()
        return Outcome(
            command_id=command.command_id,
            role=self._at.acts.role,
            kind=command.kind,
            entity=command.entity,
            part=command.part,
            epoch=command.epoch,
            counter=command.counter,
            state=state,
            records=1,
            reason=reason,
            detail=detail[:500],
            value=effect.value,
            external_id=effect.external_id,
            started_at=now,
            at=now,
            cause=command.cause or Cause(self._at.command_topic, 0, 0),
            correlation_id=command.correlation_id,
            tracks=effect.tracks,
            amount=effect.amount,
            currency=effect.currency,
        )
