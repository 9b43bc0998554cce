"""docs/configuration.md: every setting, from the frozen tree and from each connector's own model."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors.core import registry
from streams.cli.doc_pages.markdown import page, table
from streams.settings.read import CONNECTORS, NESTED, PREFIX, written
from streams.settings.tree import Settings


class Setting(NamedTuple):
    """A name with its declaration; `only` says for which kind of its group it is."""

    name: str
    field: FieldInfo
    only: str = ""


def configuration() -> str:
    return page(
        "Configuration",
        "Settings come from the environment, over a TOML file that `STREAMS_CONFIG` names, over the defaults below.\n"
        "In the file the parts of a name are tables: `STREAMS_KAFKA__PARTITIONS` is `partitions` in `[kafka]`.\n"
        "A name that is not on this page is an error at start.\n"
        "Values of secret settings can also stand in a file: add `_FILE` to the name and give its path.\n"
        "Tables and lists are JSON in the environment; in the file they are TOML.",
        *_sections(),
    )


def _sections() -> Iterator[str]:
    """One per group of settings, then one per connector, then the forms that stand inside tables."""
    groups: dict[str, list[Setting]] = {}
    for one in _settings(Settings):
        group, deeper, _rest = one.name.partition(NESTED)
        if PREFIX + one.name + NESTED != CONNECTORS:
            groups.setdefault(group if deeper else "", []).append(one)
    for group, found in groups.items():
        model = Settings.model_fields[group.lower()].annotation if group else None
        about = _first_line(model) if isinstance(model, type) else "Names without a group."
        yield _section(group.replace("_", " ").capitalize() or "This worker", about, PREFIX, found)
    for name in registry.names():
        about = f"What each one means stands in [its README](../connectors/{name}/README.md)."
        prefix = f"{CONNECTORS}{name.upper()}{NESTED}"
        yield _section(f"Connector {name}", about, prefix, _settings(registry.load(name).settings))
    for form in _forms(Settings):
        yield _section(f"Form {form.__name__}", _first_line(form), "", [_lower(one) for one in _settings(form)])


def _settings(model: type[BaseModel], path: str = "", only: str = "") -> Iterator[Setting]:
    """Every name below `path`; members of a union are told apart by their kind."""
    for name, field in model.model_fields.items():
        here = path + name.upper()
        members = _models(field.annotation)
        for member in members:
            yield from _settings(member, here + NESTED, _kind(member) if len(members) > 1 else only)
        if not members:
            yield Setting(here, field, only)


def _models(annotation: Any) -> list[type[BaseModel]]:  # Any: whatever stands in an annotation
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [one for one in members if isinstance(one, type) and issubclass(one, BaseModel)]


def _kind(model: type[BaseModel]) -> str:
    kind = model.model_fields.get("kind")
    return "" if kind is None else str(get_args(kind.annotation)[0])


def _forms(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Models that stand inside tables: their fields are keys of JSON objects."""
    inside = [part for one in _settings(model) for part in get_args(one.field.annotation)]
    return list(dict.fromkeys(part for part in inside if isinstance(part, type) and issubclass(part, BaseModel)))


def _lower(one: Setting) -> Setting:
    return one._replace(name=one.name.lower())


def _first_line(model: type) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


# ── one setting ──────────────────────────────────────────────────────────────────────────────────


def _section(title: str, about: str, prefix: str, settings: Iterable[Setting]) -> str:
    rows = [
        [f"`{prefix}{one.name}`", _words(one.field.annotation), _default(one.field), _about(one)] for one in settings
    ]
    return f"## {title}\n\n{about}\n\n{table(('name', 'type', 'default', 'what it is for'), rows)}"


_SIGNS: Mapping[type, tuple[str, str]] = {
    Ge: ("at least", "ge"),
    Gt: ("above", "gt"),
    Le: ("at most", "le"),
    Lt: ("below", "lt"),
}


def _about(one: Setting) -> str:
    bounds = [
        f"{_SIGNS[type(at)][0]} {getattr(at, _SIGNS[type(at)][1])}" for at in one.field.metadata if type(at) in _SIGNS
    ]
    only = [f"with kind `{one.only}`"] if one.only else []
    notes = ", ".join((*bounds, *only))
    return f"{one.field.description or ''} {f'({notes})' if notes else ''}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, "", (), {}):
        return "–"
    return f"`{written(value)}`"


_KINDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    SecretStr: "secret",
    Path: "path",
    Decimal: "exact number",
}


def _words(annotation: Any) -> str:  # Any: as above
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in inner if one is not type(None))
    if origin in (dict, tuple):
        return f"table of {_words(inner[1])}" if origin is dict else f"list of {_words(inner[0])}"
    if origin is not None:
        return _words(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"form {annotation.__name__}"
    return _KINDS.get(annotation, "value")
