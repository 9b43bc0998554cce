"""The quick way from bytes to a frozen model: a decoder made for one writer's schema, once.

A generic decoder makes an object for each of a record's fields; the flows read sixteen of twenty-five.  So the text of
a function is written for the pair of schemas (decoder_source), compiled, and kept by whoever asked.  It refuses what
`strict_walk` refuses and reads what fastavro reads (tests/unit/schemas/test_projection.py).  Where a schema needs more
than such a text can do (a record inside itself, say), the same answer comes from fastavro.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Never, NoReturn, TypeVar, cast

import msgspec

from schemas.avro_text import parse_schema
from schemas.avro_types import Schema
from schemas.binding import Binding, bind, bound_part, to_model
from schemas.catalogue import STOCK_CHANGE, Contract
from schemas.codec import FRAME, Reader, schema_id_of
from schemas.decoder_source import decoder_source
from schemas.encoder_source import encoder_source
from schemas.errors import DecodeError, SchemaError
from schemas.guards import check_writer
from schemas.models.stock_change import StockChange
from schemas.resolution import require, resolve
from schemas.source_text import UnsupportedError

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
ModelT_co = TypeVar("ModelT_co", bound=msgspec.Struct, covariant=True)


@dataclass(frozen=True, slots=True)
class Decoder(Generic[ModelT_co]):
    """`decode(bytes, start)` reads one record from `start` to the end of the bytes, or raises DecodeError."""

    decode: Callable[[bytes, int], ModelT_co]
    slow_because: str = ""
    """Why fastavro does it; empty where a generated text does."""


def decoder(contract: Contract[ModelT], writer_text: str) -> Decoder[ModelT]:
    """For the records that were written with this schema text.

    Raises DecodeError where none of them shall or can be read: `wrong-record`, `zero-size-items`, or `undecodable`
    naming the field.  See `refusal` for what to keep then.
    """
    writer = _accepted(contract, writer_text)
    return model_decoder(writer, contract.schema, contract.model, bind(contract.model, contract.lifted))


def model_decoder(writer: Schema, reader: Schema, model: type[ModelT], binding: Binding) -> Decoder[ModelT]:
    """As `decoder`, for schemas that are read and checked already."""
    wanted = bound_part(reader, binding)
    plan = resolve(writer, wanted)
    require(plan)
    try:
        source = decoder_source(writer, plan, binding)
    except UnsupportedError as why:
        return Decoder(_library_decode(Reader(wanted, writer), model, binding), str(why))
    # The text says that it makes this model; the differential test holds it to that.
    return Decoder(cast("Callable[[bytes, int], ModelT]", source.compiled("decode")))


def _accepted(contract: Contract[msgspec.Struct], writer_text: str) -> Schema:
    try:
        writer = parse_schema(writer_text)
    except SchemaError as error:
        raise DecodeError("undecodable", f"the writer's schema is not one: {error}") from error
    name = writer.record.name if writer.record else "no record"
    if name != contract.record:
        raise DecodeError("wrong-record", f"{contract.topic} carries {contract.record}, not {name}")
    check_writer(writer)
    return writer


def _library_decode(reader: Reader, model: type[ModelT], binding: Binding) -> Callable[[bytes, int], ModelT]:
    def decode(value: bytes, start: int = 0) -> ModelT:
        return to_model(model, binding, reader.read(value[start:]))

    return decode


def refusal(error: DecodeError) -> Decoder[Never]:
    """For a schema id whose schema is refused: every record is, with the same words."""

    def decode(_: bytes, __: int = 0) -> NoReturn:
        raise DecodeError(error.reason, error.detail)

    return Decoder(decode, error.detail)


def stock_change_decoder(writer_text: str) -> Decoder[StockChange]:
    """The hot path: sixteen of twenty-five fields."""
    return decoder(STOCK_CHANGE, writer_text)


def encoder(contract: Contract[ModelT]) -> Callable[[ModelT], bytes]:
    """Model → Avro bytes without a frame; the function raises EncodeError.

    Raises SchemaError where the model does not fill the contract, as StockChange does not.
    """
    return model_encoder(contract.schema, contract.model)


def model_encoder(schema: Schema, model: type[ModelT]) -> Callable[[ModelT], bytes]:
    """As `encoder`, for any schema and model."""
    # As above: the text takes this model, and the test compares its bytes with fastavro's.
    return cast("Callable[[ModelT], bytes]", encoder_source(schema, bind(model)).compiled("encode"))


def decode_many(values: Sequence[bytes], decoders: Mapping[int, Decoder[ModelT]]) -> list[ModelT | DecodeError]:
    """Framed values of one fetch, each read or refused on its own; `decoders` by schema id.

    KeyError for an id without a decoder: look up `codec.schema_ids(values)` first.
    """
    known: dict[bytes, Callable[[bytes, int], ModelT]] = {}
    answers: list[ModelT | DecodeError] = []
    for value in values:
        head = value[: FRAME.size]
        try:
            decode = known.get(head) or known.setdefault(head, decoders[schema_id_of(value)].decode)
            answers.append(decode(value, FRAME.size))
        except DecodeError as error:
            answers.append(error)
    return answers
