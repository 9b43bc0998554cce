"""What the operator gave: the environment, the TOML file, and the files of secrets, before anything is checked."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from streams.settings.names import CONFIG, CONNECTORS, FILE_SUFFIX, NESTED, PREFIX, SettingsError, is_secret


def texts_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Our names with their values; `…_FILE` names a file that holds a secret, the plain name wins where both are set.

    Raises SettingsError where such a file cannot be read.
    """
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    found = {name: value for name, value in ours.items() if not _is_file_name(name)}
    for name, path in ours.items():
        if _is_file_name(name):
            found.setdefault(name.removesuffix(FILE_SUFFIX), _content(name, path).strip())
    return found


def file_of(path: str | None) -> dict[str, Any]:
    """The tables of the TOML file; none without a path.  Raises SettingsError."""
    if path is None:
        return {}
    try:
        return tomllib.loads(_content(CONFIG, path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{CONFIG}: {path!r} is not TOML: {error}") from None


def connectors_of(texts: Mapping[str, str], file: Any) -> dict[str, Any]:  # Any: whatever the file says
    """Connector → what it is told: the file's tree, and after it, so that they win, names below CONNECTORS.

    Names stay whole (`auth__kind`), so that one that is both a value and a group is judged by the connector's model.
    Raises SettingsError.
    """
    tables = _table(CONNECTORS.removesuffix(NESTED), file)
    found = {name: dict(_table(CONNECTORS + name.upper(), values)) for name, values in tables.items()}
    for name, value in texts.items():
        connector, below, setting = name.removeprefix(CONNECTORS).lower().partition(NESTED)
        if not below:
            raise SettingsError(f"{name}: no such setting; what a connector is told stands below {name}{NESTED}")
        found.setdefault(connector, {})[setting] = value
    return found


def texts_in(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a tree by their full names."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from texts_in(value, path + name.upper() + NESTED)
        elif isinstance(value, str):
            yield path + name.upper(), value


def others_in(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree without its texts: numbers, lists, and tables (also empty ones)."""
    return {
        name: others_in(value) if isinstance(value, Mapping) else value
        for name, value in tree.items()
        if not isinstance(value, str)
    }


def _table(name: str, found: Any) -> Mapping[str, Any]:  # Any: as above
    if not isinstance(found, Mapping):
        raise SettingsError(f"{name}: must be a table in the file, not a plain value")
    return found


def _is_file_name(name: str) -> bool:
    return name.endswith(FILE_SUFFIX) and is_secret(name.removesuffix(FILE_SUFFIX))


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{name}: cannot read {path!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: cannot read {path!r}: it is not UTF-8") from None
