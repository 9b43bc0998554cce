"""What is locked, what is installed, and under which licences."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-runtime.lock"
"""What production installs (`Dockerfile`)."""
LOCKS = (LOCK, ROOT / "requirements.lock", ROOT / "requirements-build.lock")
OURS = "commerce-streams"
_PIN = re.compile(
    r"^(?P<requirement>[^\s#\\][^\\]*?)\s*\\?\n(?P<hashes>(?:[ \t]+--hash=sha256:[0-9a-f]{64}\s*\\?\n)*)", re.MULTILINE
)


class Pin(NamedTuple):
    """One line of a lock; `hashes` is how many files of that version are known."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one that is pinned; "" where none is."""
        found = [one.version for one in self.requirement.specifier if one.operator == "=="]
        return found[0] if len(found) == 1 and len(self.requirement.specifier) == 1 else ""

    @property
    def is_for_here(self) -> bool:
        """Whether this system and this Python take it."""
        return self.requirement.marker is None or self.requirement.marker.evaluate()


class Installed(NamedTuple):
    """One distribution that this Python sees; `requires` is what it brings with it."""

    name: str
    version: str
    licence: str
    requires: tuple[Requirement, ...] = ()

    def needs(self, extra: str) -> Iterator[tuple[str, str]]:
        """Names with the extra that is asked of each, for itself ("") or for one of its own extras."""
        for one in self.requires:
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                yield from ((canonicalize_name(one.name), wanted) for wanted in ("", *one.extras))


def pins(lock: Path) -> list[Pin]:
    return [
        Pin(Requirement(found["requirement"]), found["hashes"].count("--hash="))
        for found in _PIN.finditer(lock.read_text(encoding="utf-8"))
    ]


def locked_here(lock: Path = LOCK) -> Mapping[str, str]:
    """Name → version, for this system."""
    return {pin.name: pin.version for pin in pins(lock) if pin.is_for_here}


def installed() -> Mapping[str, Installed]:
    """By name."""
    return {one.name: one for one in map(_read, distributions())}


def running(everything: Mapping[str, Installed]) -> Mapping[str, Installed]:
    """What the application runs with: its own needs, theirs, and so on, from what is really installed."""
    found: dict[tuple[str, str], Installed] = {}
    waiting = [(OURS, "")]
    while waiting:
        name, extra = waiting.pop()
        one = everything.get(name)
        if one is not None and (name, extra) not in found:
            found[name, extra] = one
            waiting += one.needs(extra)
    return {name: one for (name, _), one in found.items()}


def differences(here: Mapping[str, Installed], locked: Mapping[str, str]) -> list[str]:
    """What is installed otherwise than it is locked, in words."""
    versions = {name: one.version for name, one in here.items() if name != OURS}
    names = sorted(versions.keys() | locked.keys())
    return [
        f"{name}: installed {versions.get(name, 'not at all')}, locked {locked.get(name, 'not at all')}"
        for name in names
        if versions.get(name) != locked.get(name)
    ]


def _read(found: Distribution) -> Installed:
    requires = tuple(map(Requirement, found.requires or []))
    return Installed(canonicalize_name(found.metadata["Name"]), found.version, _licence(found), requires)


def _licence(found: Distribution) -> str:
    """SPDX where the package states it; else its classifiers, else the first words of its licence field."""
    stated = found.metadata.json.get("license_expression", "")
    if stated:
        return str(stated)
    classes = [one for one in found.metadata.get_all("Classifier") or [] if one.startswith("License ::")]
    named = [one.rpartition(" :: ")[2] for one in classes if "OSI Approved" in one or one.count("::") > 1]
    return " OR ".join(named) or str(found.metadata.json.get("license", "")).strip().split("\n")[0][:80]
