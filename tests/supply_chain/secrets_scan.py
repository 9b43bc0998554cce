"""Looks through the files of the project, and through all that ever stood in them, for things that look like secrets.

What is planted on purpose says so: it holds one of the words of `PLANTED`, or is listed with a reason.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.supply_chain.environment import ROOT

PATTERNS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n[A-Za-z0-9+/=\n]{64,}"),
    "AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    "Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}"),
    "webhook secret": re.compile(r"\bwhsec_[A-Za-z0-9+/=]{32,}"),
    "address with a password": re.compile(r"\b[a-z][a-z+]{2,}://[^\s/:@'\"`{}<>…]+:[^\s/@'\"`{}<>…]{6,}@"),
    "assigned secret": re.compile(
        r"(?i)\b[\w.]*(?:password|passwd|secret|api_key|token)[\w.]*[\"']?\s*[=:]\s*[\"']([A-Za-z0-9+_=.-][A-Za-z0-9+/_=.-]{19,})[\"']"
    ),
}
PLANTED = ("canary", "simulated", "example", "xxxx", "test", "fake", "dummy", "wrong", "token-of-a-benchmark")
KNOWN = {
    ("tests/unit/simulators/local_stack/test_repository.py", "address with a password"),  # of nobody
    ("tests/unit/streams/test_canaries.py", "webhook secret"),  # a canary in base64, as its form wants it
}
LARGEST = 2_000_000


def files() -> list[Path]:
    """Those that git keeps; everything where this is no working copy."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name]
    return [one for one in ROOT.rglob("*") if one.is_file() and ".venv" not in one.parts and ".git" not in one.parts]


def looks_like_secrets(text: str) -> Iterator[tuple[str, str]]:
    """Kind and what was found, shortened."""
    for kind, pattern in PATTERNS.items():
        for found in pattern.finditer(text):
            if not any(word in found[0].lower() for word in PLANTED):
                yield kind, found[0][:60]


def scan() -> list[str]:
    """In words: file, kind, and the beginning of what was found."""
    found = []
    for file in files():
        if file.is_file() and file.stat().st_size <= LARGEST:
            text = file.read_text(encoding="utf-8", errors="ignore")
            name = file.relative_to(ROOT).as_posix()
            hits = [(kind, begin) for kind, begin in looks_like_secrets(text) if (name, kind) not in KNOWN]
            found += [f"{name}: {kind}: {begin}" for kind, begin in hits]
    return found


# ── what was taken away again ────────────────────────────────────────────────────────────────────

_COMMIT, _FILE = "\0commit ", "+++ b/"


def scan_history(revision: str = "HEAD") -> list[str]:
    """In words: commit, file, kind, and the beginning of what was added.  What git once kept anybody can still read.

    Raises NoHistoryError where this is no working copy, or one without its history.
    """
    return [
        f"{commit[:12]} {name}: {kind}: {begin}"
        for commit, name, text in added(_history(revision))
        for kind, begin in looks_like_secrets(text)
        if (name, kind) not in KNOWN
    ]


class NoHistoryError(Exception):
    """One line."""


def _history(revision: str) -> str:
    shallow = _git("rev-parse", "--is-shallow-repository")
    if shallow is None:
        raise NoHistoryError("this is no working copy of git")
    if shallow.strip() != "false":
        raise NoHistoryError("this working copy has no history: fetch it whole (`git fetch --unshallow`)")
    format_ = f"--format={_COMMIT.replace(chr(0), '%x00')}%H%n%B"
    shown = ("--diff-merges=remerge", "--unified=0", "--no-color", "--no-renames", format_)
    found = _git("log", "-p", *shown, revision)
    if found is None:
        raise NoHistoryError(f"git cannot show the history of {revision}: it must be 2.35 or newer")
    return found


def _git(*words: str) -> str | None:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def added(history: str) -> Iterator[tuple[str, str, str]]:
    """Commit, file and the lines that it added there; the words of the commit stand under the file "message"."""
    for part in history.split(_COMMIT)[1:]:
        commit, _, rest = part.partition("\n")
        message, *files_ = rest.split("\ndiff --git ")
        yield commit, "message", message
        for one in files_:
            lines = one.split("\n")
            name = next((line.removeprefix(_FILE) for line in lines if line.startswith(_FILE)), "")
            yield commit, name, "\n".join(line[1:] for line in lines if line.startswith("+") and line[:4] != "+++ ")
