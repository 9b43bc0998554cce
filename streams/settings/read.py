"""Reads the settings: environment over TOML file over defaults, each mistake said in one clear line.

pydantic-settings ignores an environment variable that no field claims; here a name that nobody knows is an error,
because a misspelt setting must not be silently without effect.
"""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource

from streams.settings.given import Given, connectors_of, given_by, others_in, texts_in
from streams.settings.names import (
    CONFIG,
    CONNECTORS,
    FILE_SUFFIX,
    NESTED,
    PREFIX,
    SettingsError,
    is_secret,
    known_names,
    models_of,
    no_such_setting,
)
from streams.settings.secret_files import refuse_open_to_others
from streams.settings.tree import Settings

__all__ = [
    "CONFIG",
    "CONNECTORS",
    "FILE_SUFFIX",
    "NESTED",
    "PREFIX",
    "SettingsError",
    "known_names",
    "one_line",
    "read_connector",
    "read_settings",
    "read_without_targets",
    "settings_of",
    "shown",
    "written",
]

_MAY_HIDE_A_SECRET = re.compile(r"[@?#]|//[^/]*:(?!\d+(?:/|$))")
"""A credential may stand before an @, behind a ?, and where an address should have its port."""

OF_TARGETS = ("connectors", "web", "gateway", "poll", "roles", "orders", "traces")
"""Groups of settings that only speak of targets, collectors, pages and entrances."""
_OF_TARGETS = tuple(f"{PREFIX}{group.upper()}{NESTED}" for group in OF_TARGETS)

Model = TypeVar("Model", bound=BaseModel)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError with one line that names the setting."""
    return settings_of(given_by(environ))


def settings_of(given: Given) -> Settings:
    """As `read_settings`, of what was read already."""
    texts, file = given.texts, dict(given.file)
    below = {name: texts.pop(name) for name in list(texts) if name.startswith(CONNECTORS)}
    file["connectors"] = connectors_of(below, file.get("connectors", {}))
    _refuse_unknown_connectors(file["connectors"])
    return _sound(_read(Settings, texts, file, PREFIX))


def read_without_targets(environ: Mapping[str, str]) -> Settings:
    """As `read_settings`, without whatever only targets, pages and entrances need: none of it is looked at.

    So no file with a credential of a target is opened, and a connector may be set up wrongly.  Names below these
    groups are not checked.  Raises SettingsError.
    """
    given = given_by({name: value for name, value in environ.items() if not name.startswith(_OF_TARGETS)})
    kept = {name: value for name, value in given.file.items() if name not in OF_TARGETS}
    return _sound(_read(Settings, given.texts, kept, PREFIX))


def _sound(settings: Settings) -> Settings:
    refuse_open_to_others("STREAMS_KAFKA__SSL_KEYFILE", settings.kafka.ssl_keyfile, settings.credential_files)
    return settings


def read_connector(model: type[Model], name: str, raw: Mapping[str, Any]) -> Model:
    """The settings of one connector, from `Settings.connectors`; mistakes are named like all others."""
    prefix = f"{CONNECTORS}{name.upper()}{NESTED}"
    return _read(model, dict(texts_in(raw, prefix)), others_in(raw), prefix)


def _read(model: type[Model], texts: Mapping[str, str], file: dict[str, Any], prefix: str) -> Model:
    known = _known(model, prefix)
    _refuse_unknown(texts, known)
    _refuse_bad_json(texts, known)
    _refuse_plain_groups(model, file, prefix)

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


class _Environment(EnvSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str], prefix: str) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}
        super().__init__(settings_cls, env_prefix=prefix.lower(), env_nested_delimiter=NESTED)

    def _load_env_vars(self) -> Mapping[str, str]:
        return self._environ


def _known(model: type[BaseModel], prefix: str) -> dict[str, FieldInfo]:
    return {prefix + path: field for path, field in known_names(model)}


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────


def one_line(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    """The first mistake, as `NAME: what is wrong (found: …)`; secrets are never shown."""
    first = error.errors()[0]
    known = _known(model, prefix)
    name = (prefix + NESTED.join(_as_written(first["loc"], model))).removesuffix(NESTED)
    more = f"; and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    if first["type"] == "missing":
        required = (full for full, field in known.items() if field.is_required())
        return f"{next((full for full in required if full.startswith(name)), name)}: is not set{more}"
    if first["type"] == "extra_forbidden":
        return f"{name}: {no_such_setting(name, known)}{more}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}{_found(name, first['input'])}{more}"


def _as_written(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The parts of a name; pydantic puts the tag of a union's member behind the union's name, which nobody can set."""
    field = model.model_fields.get(str(loc[0])) if loc else None
    parts = (loc[0], *loc[2:]) if field is not None and field.discriminator else loc
    return [" ".join(str(part).upper().split()) for part in parts]


def _found(name: str, value: object) -> str:
    """The value, where it cannot be or hold a secret."""
    if not isinstance(value, (str, int, float)) or is_secret(name) or _MAY_HIDE_A_SECRET.search(str(value)):
        return ""
    return f" (found: {value!r:.80})"


def _refuse_unknown_connectors(given: Iterable[str]) -> None:
    unknown = sorted(given)
    if not unknown:
        return
    from connectors.core import registry  # noqa: PLC0415  brings an HTTP client along, half a second of every command

    for name in unknown:
        if name not in registry.names():
            allowed = ", ".join(CONNECTORS + one.upper() for one in registry.names())
            raise SettingsError(f"{CONNECTORS}{name.upper()}: there is no such connector; there are: {allowed}")


def _refuse_unknown(names: Iterable[str], known: Mapping[str, FieldInfo]) -> None:
    for name in sorted(names):
        if name not in known:
            raise SettingsError(f"{name}: {no_such_setting(name, known)}")


def _refuse_plain_groups(model: type[BaseModel], file: Mapping[str, Any], prefix: str) -> None:
    """Where the environment sets names of the group, a plain value in the file would be silently without effect."""
    for name, field in model.model_fields.items():
        if models_of(field.annotation) and not isinstance(file.get(name, {}), Mapping):
            raise SettingsError(f"{prefix}{name.upper()}: must be a table in the file, not a plain value")


def _refuse_bad_json(texts: Mapping[str, str], known: Mapping[str, FieldInfo]) -> None:
    """Tables and lists are written as JSON; pydantic-settings would name only the branch they stand in."""
    for name, text in texts.items():
        kind = get_origin(known[name].annotation)
        if kind not in (dict, tuple):
            continue
        try:
            found = json.loads(text, object_pairs_hook=_once_each)
        except ValueError as error:
            raise SettingsError(f"{name}: not valid JSON: {error}") from None
        if not isinstance(found, dict if kind is dict else list):
            wanted = '{"key": value}' if kind is dict else '["value"]'
            raise SettingsError(f"{name}: must look like {wanted}{_found(name, text)}")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON takes the last of two entries with one key, silently."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice")
        found[key] = value
    return found


# ── showing ──────────────────────────────────────────────────────────────────────────────────────


def shown(settings: Settings) -> dict[str, str]:
    """Every name with its value, for the settings page; of a secret only whether it is set."""
    found: dict[str, str] = {}
    for path, _field in known_names(Settings):
        value: Any = settings
        for part in path.lower().split(NESTED):
            value = getattr(value, part)
        if isinstance(value, SecretStr) or is_secret(path):
            found[PREFIX + path] = "set" if value else "not set"
        else:
            found[PREFIX + path] = "" if value is None else written(value)
    return found


def written(value: Any) -> str:
    """As one would set it: what is no word or number is JSON."""
    if isinstance(value, str | Path | Decimal):
        return str(value)
    return json.dumps(to_jsonable_python(value), ensure_ascii=False)
