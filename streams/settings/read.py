"""Reads the settings: environment over TOML file over defaults, each mistake said in one clear line.

pydantic-settings ignores an environment variable that no field claims; here a name that nobody knows is an error,
because a misspelt setting must not be silently without effect.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource

from streams.settings.tree import Settings

PREFIX = "STREAMS_"
CONFIG = "STREAMS_CONFIG"
FILE_SUFFIX = "_FILE"
NESTED = "__"
CONNECTORS = "STREAMS_CONNECTORS__"
"""Below this name each connector has a model of its own, checked where the connector is opened."""

_SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY", re.IGNORECASE)


Model = TypeVar("Model", bound=BaseModel)


class SettingsError(ValueError):
    """One line: which name, what was found, what is allowed."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError with one line that names the setting."""
    given = _with_files_read({name: value for name, value in environ.items() if name.startswith(PREFIX)})
    file = _from_file(given.pop(CONFIG, None))
    connectors = {name: value for name, value in given.items() if name.startswith(CONNECTORS)}
    file["connectors"] = _nested(connectors, file.get("connectors", {}))
    return _read(Settings, {name: given[name] for name in given.keys() - connectors.keys()}, file, PREFIX)


def read_connector(model: type[Model], name: str, raw: Mapping[str, Any]) -> Model:
    """The settings of one connector, from `Settings.connectors`; mistakes are named like all others."""
    prefix = f"{CONNECTORS}{name.upper()}{NESTED}"
    texts = {prefix + path: value for path, value in _leaves(raw) if isinstance(value, str)}
    others = {path.lower(): value for path, value in _leaves(raw) if not isinstance(value, str)}
    return _read(model, texts, others, prefix)


def _read(model: type[Model], texts: Mapping[str, str], file: dict[str, Any], prefix: str) -> Model:
    _refuse_unknown(texts, model, prefix)
    _refuse_bad_json(model, texts, prefix)

    class Sourced(model, BaseSettings):  # type: ignore[valid-type,misc]  # the base is an argument
        """The model, filled from the two sources."""

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_others: PydanticBaseSettingsSource, **_more: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Environment(settings_cls, texts, prefix), InitSettingsSource(settings_cls, init_kwargs=file)

    try:
        return Sourced()
    except ValidationError as error:
        raise SettingsError(one_line(error, model, prefix)) from None


def one_line(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    """The first mistake, as `NAME: what is wrong (found: …)`; secrets are never shown."""
    first = error.errors()[0]
    name = (prefix + NESTED.join(str(part).upper() for part in first["loc"])).removesuffix(NESTED)
    more = f"; and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    if first["type"] == "missing":
        missing = next((full for one in _required(model) if (full := prefix + one).startswith(name)), name)
        return f"{missing}: is not set{more}"
    shown = isinstance(first["input"], (str, int, float)) and not _SECRET.search(name)
    found = f" (found: {first['input']!r:.80})" if shown else ""
    what = "no such setting" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return f"{name}: {what}{found}{more}"


class _Environment(EnvSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str], prefix: str) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}
        super().__init__(settings_cls, env_prefix=prefix.lower(), env_nested_delimiter=NESTED)

    def _load_env_vars(self) -> Mapping[str, str]:
        return self._environ


def _nested(environ: Mapping[str, str], file: Mapping[str, Any]) -> dict[str, Any]:
    """Names below CONNECTORS as a tree of texts, over what the file says."""
    tree: dict[str, Any] = {name: dict(values) for name, values in file.items()}
    for name, value in environ.items():
        *parents, leaf = name.removeprefix(CONNECTORS).lower().split(NESTED)
        here = tree
        for parent in parents:
            here = here.setdefault(parent, {})
        here[leaf] = value
    return tree


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, path + name.upper() + NESTED)
        else:
            yield path + name.upper(), value


def _with_files_read(environ: Mapping[str, str]) -> dict[str, str]:
    """`…_FILE` names a file that holds the value; the plain name wins where both are set."""
    found = {name: value for name, value in environ.items() if not _is_file_name(name)}
    for name, path in environ.items():
        if _is_file_name(name):
            found.setdefault(name.removesuffix(FILE_SUFFIX), _content(name, path))
    return found


def _is_file_name(name: str) -> bool:
    return name.endswith(FILE_SUFFIX) and _SECRET.search(name.removesuffix(FILE_SUFFIX)) is not None


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: cannot read {path!r}: {getattr(error, 'strerror', None) or error}") from None


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise SettingsError(f"{CONFIG}: cannot read {path!r}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{CONFIG}: {path!r} is not TOML: {error}") from None


def _refuse_unknown(names: Iterable[str], model: type[BaseModel], prefix: str) -> None:
    known = {prefix + path for path, _field in known_names(model)}
    for name in sorted(names):
        if name in known or any(name.startswith(one + NESTED) for one in known):
            continue
        near = difflib.get_close_matches(name, known, n=3)
        allowed = f"did you mean {' or '.join(near)}?" if near else "see docs/configuration.md for every name"
        raise SettingsError(f"{name}: no such setting; {allowed}")


def _refuse_bad_json(model: type[BaseModel], texts: Mapping[str, str], prefix: str) -> None:
    """Tables and lists are written as JSON; pydantic-settings would name only the branch they stand in."""
    for path, field in known_names(model):
        kind = get_origin(field.annotation)
        text = texts.get(prefix + path)
        if text is not None and kind in (dict, tuple):
            try:
                found = json.loads(text)
            except ValueError as error:
                raise SettingsError(f"{prefix + path}: not valid JSON: {error}") from None
            if not isinstance(found, dict if kind is dict else list):
                wanted = '{"key": value}' if kind is dict else '["value"]'
                raise SettingsError(f"{prefix + path}: must look like {wanted} (found: {text!r:.80})")


def known_names(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every name that holds a value, e.g. KAFKA__BOOTSTRAP_SERVERS, with its field; of a union all members' names."""
    for name, field in model.model_fields.items():
        here = path + name.upper()
        inner = _models_of(field.annotation)
        for one in inner:
            yield from known_names(one, here + NESTED)
        if not inner and here + NESTED != CONNECTORS.removeprefix(PREFIX):
            yield here, field


def _models_of(annotation: Any) -> list[type[BaseModel]]:  # Any: whatever stands in an annotation
    """The model, or the models of a union."""
    of_union = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [one for one in of_union if isinstance(one, type) and issubclass(one, BaseModel)]


def _required(model: type[BaseModel]) -> Iterator[str]:
    return (path for path, field in known_names(model) if field.is_required())


def shown(settings: Settings) -> dict[str, str]:
    """Every name with its value, for the settings page; of a secret only whether it is set."""
    found: dict[str, str] = {}
    for path, _field in known_names(Settings):
        value: Any = settings
        for part in path.lower().split(NESTED):
            value = getattr(value, part)
        if isinstance(value, SecretStr) or _SECRET.search(path):
            found[PREFIX + path] = "not set" if value is None else "set"
        else:
            found[PREFIX + path] = "" if value is None else str(value)
    return found
