"""A dead letter's bytes as fields, where the registry knows their schema; each value as text for a person."""

import json
from collections.abc import Iterator

import msgspec

from schemas.errors import DecodeError
from streams.domain.quantities import to_decimal
from streams.runtime.serde import BY_TOPIC, Serde
from streams.web.letter_view import Decoded
from streams.web.words import moment

_QUANTITIES = frozenset({"quantity", "previous_quantity", "resulting_quantity"})


class LetterDecoder:
    """Reads with the schemas of this release; never raises for what bytes say."""

    def __init__(self, serde: Serde) -> None:
        self._serde = serde

    async def decode(self, topic: str, value: bytes) -> Decoded:
        """`topic` is that of the record which was set aside."""
        contract = BY_TOPIC.get(topic)
        if contract is None:
            return Decoded(error=f"no schema is known for the topic {topic}")
        answer = (await self._serde.decode(contract, [value]))[0]
        if answer is None:
            return Decoded(error=f"schema id {int.from_bytes(value[1:5], 'big')} is not in the registry")
        if isinstance(answer, DecodeError):
            return Decoded(error=f"{answer.reason}: {answer.detail}")
        return Decoded(tuple(fields_of(answer)))


def fields_of(model: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Name and text of each field, in the order of the schema."""
    for name in model.__struct_fields__:
        yield name, _text(name, getattr(model, name))


def _text(name: str, value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, int) and name.endswith("_at"):
        return moment(value).isoformat()
    if isinstance(value, int) and name in _QUANTITIES:
        return str(to_decimal(value))
    return value if isinstance(value, str) else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
