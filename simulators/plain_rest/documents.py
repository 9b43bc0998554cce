"""Documents of a contract, read strictly, so that a sender's slip shows."""

import re
from typing import TypeVar

import msgspec

_MEMBER = re.compile(r"at `\$\.?(.*)`")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_MISSING = re.compile(r"required field `(\w+)`")
FormT = TypeVar("FormT", bound=msgspec.Struct)


class UnfitDocumentError(Exception):
    """Not what was expected; `field` is the member that is to blame, like `lines[0].sku`, or empty."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.field = field


def read(body: bytes, form: type[FormT]) -> FormT:
    """Raises UnfitDocumentError."""
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as problem:
        raise UnfitDocumentError(str(problem), _field(str(problem))) from problem
    except (msgspec.DecodeError, ValueError) as problem:
        raise UnfitDocumentError("not JSON", "") from problem


def _field(problem: str) -> str:
    place = _MEMBER.search(problem)
    inner = _UNKNOWN.search(problem) or _MISSING.search(problem)
    names = (place[1] if place else "", inner[1] if inner else "")
    return ".".join(name for name in names if name).replace("[...]", "")
