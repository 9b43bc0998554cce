"""Known vulnerabilities of what is locked, asked of the package index's advisory service with pip-audit.

pip-audit says "no known vulnerabilities" of packages that the service does not know, too: a mirror without advisories
would look like good news.  So what was skipped counts as not looked at.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from tests.supply_chain.environment import LOCK, ROOT

ACCEPTED = ROOT / "ops" / "advisories.toml"
ASKING_S = 120
SKIPPED = 77
"""Exit code of what was not run, as automake has it."""
NOT_RUN = "not run: the advisory service is not reachable"


class Finding(NamedTuple):
    """One known vulnerability of one locked package; `fixed_in` is "" where there is no fix yet."""

    package: str
    version: str
    id: str
    aliases: frozenset[str]
    fixed_in: str

    def __str__(self) -> str:
        cure = f"fixed in {self.fixed_in}" if self.fixed_in else "no fix yet"
        return f"{self.package} {self.version}: {self.id}, {cure}"


class Accepted(NamedTuple):
    """A finding that is known and let pass until a day."""

    id: str
    package: str
    reason: str
    until: date


class Answer(NamedTuple):
    """What the service said: `asked` packages were looked at, `skipped` were not."""

    asked: int
    skipped: int
    findings: tuple[Finding, ...]


def read_accepted(text: str) -> tuple[Accepted, ...]:
    """Raises TypeError, ValueError where an entry has no reason or no day."""
    found = []
    for entry in tomllib.loads(text).get("accepted", ()):
        one = Accepted(**entry)
        if not (one.reason.strip() and isinstance(one.until, date)):
            raise ValueError(f"{one.id}: an accepted vulnerability needs a reason and a day")
        found.append(one)
    return tuple(found)


def read_answer(text: str) -> Answer:
    """Of pip-audit's JSON."""
    parts = json.loads(text)["dependencies"]
    looked = [one for one in parts if "skip_reason" not in one]
    findings = tuple(
        Finding(
            one["name"], one["version"], known["id"], frozenset(known["aliases"]), " or ".join(known["fix_versions"])
        )
        for one in looked
        for known in one["vulns"]
    )
    return Answer(len(looked), len(parts) - len(looked), findings)


def open_findings(findings: Sequence[Finding], accepted: Sequence[Accepted], today: date) -> list[str]:
    """What fails the audit: a vulnerability with a fix that nobody accepted, and one whose time is over."""
    found = []
    for finding in findings:
        let = [one for one in accepted if one.package == finding.package and one.id in {finding.id, *finding.aliases}]
        if not let and finding.fixed_in:
            found.append(str(finding))
        found += [f"{finding}; was accepted until {one.until}: {one.reason}" for one in let if one.until <= today]
    return found


def ask(lock: Path = LOCK) -> Answer | None:
    """None where nobody answers."""
    words = ["--disable-pip", "--require-hashes", "-r", str(lock), "-s", "pypi", "-f", "json", "--progress-spinner=off"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *words], capture_output=True, text=True, timeout=ASKING_S, check=False
        )
        return read_answer(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def audit(answer: Answer | None, accepted: Sequence[Accepted], today: date) -> tuple[int, list[str]]:
    """Exit code and what to print."""
    if answer is None or not answer.asked:
        return SKIPPED, [NOT_RUN]
    lines = [f"{answer.asked} packages looked at, {answer.skipped} not known to the service"]
    lines += [f"known, no fix yet: {one}" for one in answer.findings if not one.fixed_in]
    failing = open_findings(answer.findings, accepted, today)
    return int(bool(failing)), [*lines, *failing]
