"""The names of settings: which there are, which of them are secret, and what is said of one that nobody knows."""

import difflib
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

PREFIX = "STREAMS_"
CONFIG = "STREAMS_CONFIG"
FILE_SUFFIX = "_FILE"
NESTED = "__"
CONNECTORS = "STREAMS_CONNECTORS__"
"""Below this name each connector has a model of its own, checked where the connector is opened."""

_SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY|PROXY", re.IGNORECASE)


class SettingsError(ValueError):
    """One line: which name, what was found, what is allowed."""


def is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def known_names(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every name that holds a value, e.g. KAFKA__BOOTSTRAP_SERVERS, with its field; of a union all members' names."""
    for name, field in model.model_fields.items():
        here = path + name.upper()
        inner = models_of(field.annotation)
        for one in inner:
            yield from known_names(one, here + NESTED)
        if not inner and here + NESTED != CONNECTORS.removeprefix(PREFIX):
            yield here, field


def models_of(annotation: Any) -> list[type[BaseModel]]:  # Any: whatever stands in an annotation
    """The model, or the models of a union."""
    of_union = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [one for one in of_union if isinstance(one, type) and issubclass(one, BaseModel)]


def no_such_setting(name: str, known: Mapping[str, FieldInfo]) -> str:
    """What is wrong with the name, and what is allowed instead."""
    if name in known:
        return "no such setting; in the file names are written in lower case"
    table = next((one for one in known if name.startswith(one + NESTED)), None)
    if table is not None and get_origin(known[table].annotation) is dict:
        return f"no such setting; entries are written as JSON in {table}"
    near = difflib.get_close_matches(name, known, n=3)
    allowed = f"did you mean {' or '.join(near)}?" if near else "see docs/configuration.md for every name"
    return f"no such setting; {allowed}"
