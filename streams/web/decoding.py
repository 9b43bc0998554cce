"""A dead letter's bytes as fields, as the command line shows them too: by the schema that their own frame names."""

import asyncio
import json
from collections.abc import Mapping

from schemas.errors import DecodeError
from streams.runtime.operating.wire import Wire
from streams.runtime.serde import Registry, RegistryUnavailableError
from streams.web.letter_view import Decoded


class LetterDecoder:
    """Never raises for what bytes say, nor for a registry that is away."""

    def __init__(self, registry: Registry) -> None:
        self._wire = Wire(registry)

    async def decode(self, _topic: str, value: bytes) -> Decoded:
        """In a thread: the registry may have to be asked."""
        try:
            found = await asyncio.to_thread(self._wire.read, value)
        except DecodeError as error:
            return Decoded(error=f"{error.reason}: {error.detail}")
        except RegistryUnavailableError:
            return Decoded(error="the schema registry does not answer")
        if not isinstance(found, Mapping):
            return Decoded((("value", _text(found)),))
        return Decoded(tuple((str(name), _text(one)) for name, one in found.items()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
