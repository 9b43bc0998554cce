"""Bytes ↔ models with the schema registry: reader schema by topic, writer schema by the id in the frame.

A schema id is looked up once.  One that the registry does not know is asked for again only now and then, and only so
many of them are asked for at all, so that a flood of bad ids is not a flood of requests; while the registry is away,
records wait: that is no fault of theirs.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from schemas import projection
from schemas.catalogue import CONTRACTS, Contract
from schemas.codec import frame, schema_ids
from schemas.errors import DecodeError
from schemas.projection import Decoder
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import SCHEMA_UNKNOWN

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
ASK_AGAIN_AFTER = timedelta(seconds=30)
MOST_UNKNOWN = 100
"""So many ids are asked for in vain within that time; a further one counts as unknown without being asked for."""
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=500), timedelta(seconds=15)
BY_TOPIC: Mapping[str, Contract[msgspec.Struct]] = {contract.topic: contract for contract in CONTRACTS}
_LOG = logger("streams.serde")


class SchemaMissingError(Exception):
    """A schema that this release writes is not in the registry; the message says what to do."""


class RegistryUnavailableError(Exception):
    """The registry does not answer."""


class Registry(Protocol):
    """What is asked of a schema registry; blocking calls, made in a thread."""

    def text_of(self, schema_id: int) -> str | None:
        """The schema's text; None where the registry does not know the id.  Raises RegistryUnavailableError."""
        ...

    def id_of(self, subject: str, text: str) -> int | None:
        """The id under which exactly this schema is registered, if it is.  Raises RegistryUnavailableError."""
        ...


class Serde:
    """One per process; `prepare` before anything is written."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry, self._clock = registry, clock
        self._ids: dict[str, int] = {}
        self._encoders: dict[str, Callable[[Any], bytes]] = {}  # Any: each topic's own model
        self._decoders: dict[str, dict[int, Decoder[Any]]] = {}
        self._unknown: dict[int, float] = {}

    async def prepare(self, topics: Sequence[str]) -> None:
        """Ids and encoders of the topics that are written.  Raises SchemaMissingError, RegistryUnavailableError."""
        for topic in topics:
            contract = BY_TOPIC[topic]
            found = await asyncio.to_thread(self._registry.id_of, contract.subject, contract.schema_text)
            if found is None:
                raise SchemaMissingError(
                    f"{contract.subject}: this release's schema is not registered; run `commerce-streams schemas apply`"
                )
            self._ids[topic] = found
            self._encoders[topic] = projection.encoder(contract)

    def encode(self, topic: str, model: msgspec.Struct) -> bytes:
        """Framed value; KeyError for a topic that was not prepared."""
        return frame(self._ids[topic], self._encoders[topic](model))

    async def decode(self, contract: Contract[ModelT], values: Sequence[bytes]) -> list[ModelT | DecodeError | None]:
        """Each value read or refused on its own; None where the registry does not know its schema id."""
        decoders = self._decoders.setdefault(contract.topic, {})
        asked = schema_ids(values)
        for schema_id in asked - decoders.keys():
            await self._learn(contract, schema_id, decoders)
        unknown = {frame(schema_id, b"") for schema_id in asked - decoders.keys()}
        if not unknown:
            return list(projection.decode_many(values, decoders))
        SCHEMA_UNKNOWN.labels(contract.topic).inc(sum(value[:5] in unknown for value in values))
        known = [value for value in values if value[:5] not in unknown]
        answers = iter(projection.decode_many(known, decoders))
        return [None if value[:5] in unknown else next(answers) for value in values]

    async def _learn(self, contract: Contract[ModelT], schema_id: int, decoders: dict[int, Decoder[Any]]) -> None:
        """The decoder of a writer's schema; nothing where the registry does not know it."""
        if not self._may_ask(schema_id):
            return
        text = await self._text(schema_id)
        if text is None:
            self._unknown[schema_id] = self._clock.monotonic()
            return
        try:
            decoders[schema_id] = projection.decoder(contract, text)
        except DecodeError as error:
            decoders[schema_id] = projection.refusal(error)
        if slow := decoders[schema_id].slow_because:
            _LOG.warning("slow-schema", topic=contract.topic, schema_id=schema_id, why=slow[:200])

    def _may_ask(self, schema_id: int) -> bool:
        since = self._clock.monotonic() - ASK_AGAIN_AFTER.total_seconds()
        self._unknown = {known: asked for known, asked in self._unknown.items() if asked > since}
        return schema_id not in self._unknown and len(self._unknown) < MOST_UNKNOWN

    async def _text(self, schema_id: int) -> str | None:
        """Asked until the registry answers: the record waits, it is not at fault."""
        wait = FIRST_WAIT
        while True:
            try:
                return await asyncio.to_thread(self._registry.text_of, schema_id)
            except RegistryUnavailableError as error:
                _LOG.warning("registry-unavailable", schema_id=schema_id, error=str(error)[:200])
                await self._clock.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
