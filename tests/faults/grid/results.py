"""Keeps what each run showed, so that runs that were made apart can be read together."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.faults.grid.kinds import Played

FOLDER = "results"
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Kept:
    """What one run showed, when (UTC), and of which commit."""

    at: datetime
    commit: str
    played: Played


def keep(folder: Path, played: Played) -> Kept:
    """In `<folder>/results/`, in the place of what an earlier run of the same fault left there."""
    kept = Kept(datetime.now(UTC), commit(), played)  # noqa: TID251  when it was run, for the reader
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{key(played)}.json").write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1))
    return kept


def key(played: Played) -> str:
    return key_of(played.flow, played.nemesis)


def key_of(flow: str, nemesis: str) -> str:
    """Stock is the flow that was there first: its runs go by the fault alone."""
    return nemesis if flow == "stock" else f"{flow}-{nemesis}"


def load(folders: Iterable[Path]) -> dict[str, Kept]:
    """By flow and fault (`key`); of two runs the later one counts, also where it is the one that broke.

    Raises:
        FileNotFoundError: a folder without results.
    """
    found: dict[str, Kept] = {}
    for folder in folders:
        files = sorted((folder / FOLDER).glob("*.json"))
        if not files:
            raise FileNotFoundError(f"no results in {folder}")
        for file in files:
            kept = msgspec.json.decode(file.read_bytes(), type=Kept)
            known = found.get(key(kept.played))
            if known is None or kept.at > known.at:
                found[key(kept.played)] = kept
    return found


def commit() -> str:
    """Of the working tree, which is said to be changed where it is; empty outside of git."""
    named = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return f"{named} with changes" if named and changed else named


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
