"""What the operator gave: the environment, the TOML file, and the files of secrets, before anything is checked."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from streams.settings.names import CONFIG, CONNECTORS, FILE_SUFFIX, NESTED, PREFIX, SettingsError, is_secret
from streams.settings.secret_files import READERS, Readers, SecretFile, read_secret, refuse_open_to_others

_MAY_READ: Mapping[object, Readers] = {"owner": "owner", "group": "group", "all": "all"}
_IS_A_SECRET = re.compile(r"(?:^|_)(?:password|token|secrets?|(?<!public_)key|proxy)$")


@dataclass(frozen=True, slots=True)
class Given:
    """`plain` names with their values, `secrets` from files by the name of their setting, and the tables of `file`."""

    plain: Mapping[str, str]
    secrets: Mapping[str, SecretFile]
    file: Mapping[str, Any]

    @property
    def texts(self) -> dict[str, str]:
        return {**self.plain, **{name: file.text for name, file in self.secrets.items()}}

    @property
    def readers(self) -> Readers:
        """Strict for a word that nobody knows: it is refused with the other settings."""
        named = self.plain.get(READERS, self.file.get("credential_files", "owner"))
        return _MAY_READ.get(named, "owner")

    def renewed(self) -> "Given":
        """With the secrets whose files were replaced, else itself.  Raises SettingsError."""
        found = {name: file.renewed(self.readers) for name, file in self.secrets.items()}
        return self if found == self.secrets else replace(self, secrets=found)


def given_by(environ: Mapping[str, str]) -> Given:
    """Our names; `…_FILE` names a file that holds a secret, the plain name wins where both are set.

    Raises SettingsError where a file cannot be read, or one with a secret is open to others.
    """
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    plain = {name: value for name, value in ours.items() if not _is_file_name(name)}
    config = plain.pop(CONFIG, None)
    given = Given(plain, {}, file_of(config))
    if _has_secrets(given.file):
        refuse_open_to_others(CONFIG, config, given.readers)
    return replace(given, secrets=_secrets(ours, plain, given.readers))


def _secrets(ours: Mapping[str, str], plain: Mapping[str, str], readers: Readers) -> dict[str, SecretFile]:
    named = {name.removesuffix(FILE_SUFFIX): name for name in ours if _is_file_name(name)}
    return {name: read_secret(file, ours[file], readers) for name, file in named.items() if name not in plain}


def _has_secrets(tree: Mapping[str, Any]) -> bool:
    """Whether a value stands where secrets do; an address of tokens is none."""
    return any(
        _IS_A_SECRET.search(name) or (isinstance(value, Mapping) and _has_secrets(value))
        for name, value in tree.items()
    )


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
