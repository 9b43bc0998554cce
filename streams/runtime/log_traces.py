"""Tracebacks for logs: where something failed, and not with which value.

Python puts the value into the message of many errors (`KeyError: 'Jane Doe'`, `invalid literal for int(): '…'`), and
records hold names, addresses and mail.  Of such errors only the class is told; others speak of topics, files and hosts.
"""

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

QUOTE_VALUES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""Classes whose messages may repeat what they were given; pydantic's and msgspec's errors are ValueErrors."""
LONGEST = 500
Fields = MutableMapping[str, Any]  # Any: whatever a field holds


def told(error: BaseException) -> str:
    """Class and, where it cannot repeat a value, message; one bounded line."""
    first = next(leaves(error))
    if first is not error:
        return told(first)
    kind = type(error).__name__
    text = "" if isinstance(error, QUOTE_VALUES) else " ".join(str(error).split())
    return f"{kind}: {text}"[:LONGEST] if text else kind


def trace(error: BaseException) -> str:
    """As Python prints it, from the first cause to the last, with `told` in place of each message."""
    parts = []
    for one in reversed(list(_chain(error))):
        if isinstance(one, BaseExceptionGroup):
            parts += [trace(each) for each in one.exceptions]
        frames = traceback.format_tb(one.__traceback__)
        parts.append("".join(["Traceback (most recent call last):\n", *frames, told(one)]))
    return "\n\nthen\n\n".join(parts)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """What tasks that ran side by side failed with."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from leaves(one)
    else:
        yield error


def as_field(_logger: Any, _name: str, fields: Fields) -> Fields:  # Any: structlog's processor
    """`exc_info` becomes `exception`."""
    given = fields.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if error is True:
        error = sys.exception()  # structlog's way to say "the one that is handled now"
    if isinstance(error, BaseException):
        fields["exception"] = trace(error)
    return fields


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
