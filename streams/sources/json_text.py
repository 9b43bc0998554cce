"""JSON of others, read exactly: numbers stay texts, nothing is taken twice, nothing is rounded."""

import json
from typing import Any, Never


class Number(str):
    """A JSON number as it was written: a float would round it."""

    __slots__ = ()


class NotJsonError(ValueError):
    """The message says what is wrong and where, and quotes nothing."""


def parsed(body: bytes) -> object:
    """None, bool, str, Number, list and dict.  Raises NotJsonError.

    A name that stands twice is refused: whoever signed it and whoever reads it could mean different values.
    """
    try:
        found: object = json.loads(
            body.decode("utf-8"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse,
            object_pairs_hook=_once_each,
        )
    except UnicodeDecodeError as error:
        raise NotJsonError(f"is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"is not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except RecursionError:
        raise NotJsonError("is nested too deep") from None
    return found


def _refuse(_name: str) -> Never:
    raise NotJsonError("has a number that is not finite, which JSON does not know")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: whatever stands in the JSON
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJsonError("has an object in which a name stands twice")
    return found
