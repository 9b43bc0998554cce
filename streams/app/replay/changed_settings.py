"""Today's settings beside changed ones, and what differs between them, in words.

The changed ones are read as a worker would read them: the environment, with `--set` over it, wins over the file.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.settings import InventorySettings, Settings, SettingsError, read_without_targets
from streams.settings.names import CONFIG, NESTED, PREFIX

INVENTORY = f"{PREFIX}INVENTORY{NESTED}"
BY_THE_CLOCK = ("hold_limit_s", "base_alert_s", "posted_rest_s", "check_every_s", "latency_target_s")
"""Limits that time alone makes good, or that are only measured: records read again say nothing of them."""
COMPUTED = tuple(name for name in InventorySettings.model_fields if name not in BY_THE_CLOCK)
ENTRIES_TOLD = 20
IN_ORDER = "classes"
"""The table whose first entry that fits decides."""


class Change(NamedTuple):
    """One setting, or one entry of a table; None where it is not there."""

    name: str
    before: str | None
    after: str | None


class TwoSettings(NamedTuple):
    """`changes` are those that a what-if computes; there is at least one."""

    before: Settings
    after: Settings
    changes: tuple[Change, ...]


def two_settings(environ: Mapping[str, str], sets: Sequence[str], config: str | None) -> TwoSettings:
    """Raises SettingsError: a mistake, a setting that is not computed, or nothing that differs."""
    before = read_without_targets(environ)
    given = dict(_given(sets))
    changed = {**environ, **given, **({} if config is None else {CONFIG: config})}
    after = read_without_targets(changed)
    changes = tuple(_changes(before.inventory, after.inventory))
    if not changes:
        raise SettingsError(f"nothing is changed: both settings are the same below {INVENTORY}{_why(environ, config)}")
    return TwoSettings(before, after, changes)


def _given(sets: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set {text}: is written as NAME=VALUE")
        if not name.startswith(INVENTORY):
            raise SettingsError(f"--set {name}: a what-if computes stock: it takes names below {INVENTORY}")
        if name.removeprefix(INVENTORY).lower() in BY_THE_CLOCK:
            raise SettingsError(f"--set {name}: a what-if cannot say what this changes: it depends on the clock")
        yield name, value


def _why(environ: Mapping[str, str], config: str | None) -> str:
    """A file whose tables the environment hides changes nothing, for a worker neither."""
    hiding = sorted(name for name in environ if name.startswith(INVENTORY))
    return f"; the environment wins over the file with {', '.join(hiding)}" if config is not None and hiding else ""


def _changes(before: InventorySettings, after: InventorySettings) -> Iterator[Change]:
    for field in COMPUTED:
        old, new = getattr(before, field), getattr(after, field)
        if old == new and list(old if field == IN_ORDER else ()) == list(new if field == IN_ORDER else ()):
            continue
        name = INVENTORY + field.upper()
        if isinstance(old, Mapping):
            yield from _entries(name, old, new)
        else:
            yield Change(name, str(old), str(new))


def _entries(name: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    different = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    for key in different[:ENTRIES_TOLD]:
        yield Change(f"{name} {key}", _text(old.get(key)), _text(new.get(key)))
    if len(different) > ENTRIES_TOLD:
        yield Change(f"{name}, {len(different) - ENTRIES_TOLD} more entries", None, None)
    if not different:  # the order differs
        yield Change(name, ", ".join(old), ", ".join(new))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
