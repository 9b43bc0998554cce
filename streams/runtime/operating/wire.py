"""Bytes ↔ models for operators: one record at a time, and a registry that does not answer is an error at once."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from schemas import projection
from schemas.avro_text import parse_schema
from schemas.catalogue import Contract
from schemas.codec import Reader, Writer, frame, split_frame
from schemas.errors import DecodeError, SchemaError
from schemas.projection import Decoder
from streams.runtime.operating.readable import readable
from streams.runtime.serde import BY_TOPIC, Registry, SchemaMissingError

Model = TypeVar("Model", bound=msgspec.Struct)


class Wire:
    """Schema texts and ids are asked for once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._texts: dict[int, str | None] = {}
        self._ids: dict[str, int] = {}
        self._encoders: dict[str, Callable[[Any], bytes]] = {}  # Any: each topic's own model
        self._decoders: dict[tuple[str, int], Decoder[Any]] = {}  # Any: as above
        self._readers: dict[int, Callable[[bytes], object]] = {}
        self._whole: dict[tuple[str, int], Callable[[bytes], dict[str, object]]] = {}

    def encode(self, topic: str, model: msgspec.Struct) -> bytes:
        """The framed value.  Raises SchemaMissingError, RegistryUnavailableError."""
        schema_id = self._id_of(BY_TOPIC[topic])
        if topic not in self._encoders:
            self._encoders[topic] = projection.encoder(BY_TOPIC[topic])
        return frame(schema_id, self._encoders[topic](model))

    def decode(self, contract: Contract[Model], value: bytes | None) -> Model | DecodeError:
        """The model, or why there is none.  Raises RegistryUnavailableError."""
        try:
            schema_id, payload = split_frame(value or b"")
            key = (contract.topic, schema_id)
            if key not in self._decoders:
                self._decoders[key] = projection.decoder(contract, self._text(schema_id))
            found: Model = self._decoders[key].decode(payload, 0)
        except DecodeError as error:
            return error
        return found

    def read(self, value: bytes | None) -> object:
        """Any record, as plain values for people: whatever its schema names.  Raises DecodeError.

        Raises RegistryUnavailableError, too.
        """
        schema_id, payload = split_frame(value or b"")
        if schema_id not in self._readers:
            self._readers[schema_id] = _reader(self._text(schema_id))
        return self._readers[schema_id](payload)

    def record(self, contract: Contract[Any], value: bytes | None) -> dict[str, object]:  # Any: of every topic
        """Any record of the topic, whole, as this release's schema has it.  Raises DecodeError, as `read` does."""
        schema_id, payload = split_frame(value or b"")
        key = (contract.topic, schema_id)
        if key not in self._whole:
            self._whole[key] = _whole_reader(contract, self._text(schema_id))
        return self._whole[key](payload)

    def write(self, contract: Contract[Any], record: Mapping[str, object]) -> bytes:  # Any: as above
        """The framed value of such a record.  Raises EncodeError, SchemaMissingError, RegistryUnavailableError."""
        return frame(self._id_of(contract), Writer(contract.schema).write(record))

    def _id_of(self, contract: Contract[Any]) -> int:  # Any: as above
        if contract.topic not in self._ids:
            found = self._registry.id_of(contract.subject, contract.schema_text)
            if found is None:
                raise SchemaMissingError(
                    f"{contract.subject}: this release's schema is not registered; run `commerce-streams schemas apply`"
                )
            self._ids[contract.topic] = found
        return self._ids[contract.topic]

    def _text(self, schema_id: int) -> str:
        if schema_id not in self._texts:
            self._texts[schema_id] = self._registry.text_of(schema_id)
        text = self._texts[schema_id]
        if text is None:
            raise DecodeError("undecodable", f"schema id {schema_id} is not in the registry")
        return text


def _reader(text: str) -> Callable[[bytes], object]:
    try:
        schema = parse_schema(text)
    except SchemaError as error:
        raise DecodeError("undecodable", f"the writer's schema is not one: {error}") from error
    reader = Reader(schema, schema)
    return lambda payload: readable(schema, reader.read(payload))


def _whole_reader(contract: Contract[Any], text: str) -> Callable[[bytes], dict[str, object]]:  # Any: of every topic
    try:
        return Reader(contract.schema, parse_schema(text)).read
    except SchemaError as error:
        raise DecodeError("undecodable", f"the writer's schema is not one: {error}") from error
