"""What the application is made of: locked with hashes, listed, licensed, and without secrets in its files."""

import contextlib
import json
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

from tests.supply_chain import secrets_scan
from tests.supply_chain.audit import ACCEPTED, NOT_RUN, SKIPPED, Accepted, Finding, audit, read_accepted, read_answer
from tests.supply_chain.bill import WITH_A_REASON, bill, licence_of, listed, unwelcome
from tests.supply_chain.environment import (
    LOCK,
    LOCKS,
    OURS,
    ROOT,
    Installed,
    differences,
    installed,
    locked_here,
    pins,
    running,
)
from tests.supply_chain.secrets_scan import looks_like_secrets, scan

TODAY = date(2026, 3, 1)
RUNNING = running(installed())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_to_one_version_with_hashes_and_no_index_is_named(lock: Path) -> None:
    found, text = pins(lock), lock.read_text()

    assert len(found) > 5
    assert [str(pin.requirement) for pin in found if not (pin.version and pin.hashes)] == []
    assert text.count("==") >= len(found)
    assert "--index-url" not in text
    assert "://" not in text.replace("https://docs.astral.sh", "")


def test_what_is_installed_to_run_is_what_is_locked_no_more_and_no_less() -> None:
    assert differences(RUNNING, locked_here()) == []


def test_a_package_that_is_not_locked_or_has_another_version_is_told() -> None:
    here = {name: Installed(name, version, "MIT") for name, version in (("a", "1"), ("b", "2"))}

    assert differences(here, {"a": "1", "b": "3", "c": "4"}) == [
        "b: installed 2, locked 3",
        "c: installed not at all, locked 4",
    ]


def test_the_bill_lists_what_runs_as_the_lock_has_it_with_what_needs_what() -> None:
    made = bill(RUNNING)

    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["name"] == OURS
    assert listed(made) == locked_here(LOCK)
    needs = {one["ref"].partition("@")[0]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert any(one.startswith("pkg:pypi/mode-streaming@") for one in needs["pkg:pypi/faust-streaming"])
    assert all(one["purl"].startswith("pkg:pypi/") and one["licenses"] for one in made["components"])


def test_every_licence_is_one_that_was_looked_at() -> None:
    assert unwelcome(RUNNING) == []


def test_a_licence_that_nobody_looked_at_is_told() -> None:
    here = {"x": Installed("x", "1", "AGPL-3.0"), "pycountry": Installed("pycountry", "9", "LGPL-2.1-only")}

    assert unwelcome(here) == ["x 1: AGPL-3.0"]


def test_no_reason_stands_for_a_licence_that_is_gone() -> None:
    stated = {(one.name, licence_of(one)) for one in RUNNING.values()}

    assert WITH_A_REASON.keys() <= stated


# ── known vulnerabilities ────────────────────────────────────────────────────────────────────────


def answer(*vulnerabilities: dict[str, object], skipped: int = 0) -> str:
    parts: list[dict[str, object]] = [{"name": "jinja2", "version": "3.1.0", "vulns": list(vulnerabilities)}]
    parts += [{"name": f"s{n}", "skip_reason": "not found"} for n in range(skipped)]
    return json.dumps({"dependencies": parts, "fixes": []})


KNOWN: dict[str, object] = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["3.1.9"]}
UNFIXED: dict[str, object] = {"id": "PYSEC-2", "aliases": [], "fix_versions": []}


def test_a_vulnerability_with_a_fix_fails_the_audit() -> None:
    code, lines = audit(read_answer(answer(KNOWN)), (), TODAY)

    assert code == 1
    assert "jinja2 3.1.0: PYSEC-1, fixed in 3.1.9" in lines


def test_one_without_a_fix_is_told_and_fails_nothing() -> None:
    code, lines = audit(read_answer(answer(UNFIXED)), (), TODAY)

    assert (code, lines[-1]) == (0, "known, no fix yet: jinja2 3.1.0: PYSEC-2, no fix yet")


@pytest.mark.parametrize(("until", "code"), [(date(2026, 3, 2), 0), (TODAY, 1), (date(2025, 1, 1), 1)])
@pytest.mark.parametrize("named", ["PYSEC-1", "CVE-2026-1"])
def test_an_accepted_one_passes_until_its_day(until: date, code: int, named: str) -> None:
    accepted = (Accepted(named, "jinja2", "not called", until),)

    assert audit(read_answer(answer(KNOWN)), accepted, TODAY)[0] == code


def test_accepting_it_for_another_package_accepts_nothing() -> None:
    accepted = (Accepted("PYSEC-1", "httpx", "not called", date(2030, 1, 1)),)

    assert audit(read_answer(answer(KNOWN)), accepted, TODAY)[0] == 1


def test_a_service_that_knows_no_package_is_not_good_news() -> None:
    """As pip-audit says it of a mirror without advisories."""
    only_skipped = json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}], "fixes": []})

    assert audit(read_answer(only_skipped), (), TODAY) == (SKIPPED, [NOT_RUN])
    assert audit(None, (), TODAY) == (SKIPPED, [NOT_RUN])


def test_every_acceptance_has_a_reason_and_a_day() -> None:
    read_accepted(ACCEPTED.read_text())
    whole = '[[accepted]]\nid = "X"\npackage = "p"\nreason = "r"\nuntil = 2027-01-31'

    assert read_accepted(whole) == (Accepted("X", "p", "r", date(2027, 1, 31)),)
    with pytest.raises(ValueError, match="needs a reason"):
        read_accepted(whole.replace('"r"', '" "'))
    with pytest.raises(TypeError):
        read_accepted(whole.partition("until")[0])


def test_a_finding_names_its_cure() -> None:
    assert str(Finding("p", "1", "X", frozenset(), "2 or 3")) == "p 1: X, fixed in 2 or 3"


# ── secrets and dangerous calls ──────────────────────────────────────────────────────────────────


def test_no_file_of_the_project_holds_a_secret() -> None:
    assert scan() == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("private key", "-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 20 + "\n"),
        ("AWS key", "AKIA" + "Q" * 16),
        ("GitHub token", "ghp_" + "q" * 36),
        ("JSON web token", "eyJ" + "q" * 20 + ".eyJ" + "q" * 20 + "." + "q" * 20),
        ("webhook secret", "whsec_" + "q" * 40),
        ("address with a password", "https://" + "me:sesame-open@host/"),
        ("assigned secret", "password = " + '"' + "q7" * 12 + '"'),
    ],
)
def test_a_secret_would_be_found(kind: str, text: str) -> None:
    assert [found for found, _ in looks_like_secrets(text)] == [kind]


def test_a_secret_that_was_taken_away_again_is_found_in_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that only ever stood in the resolution of a merge, or in the words of a commit."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def commit(words: str, **files: str) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        git("add", "-A")
        git("commit", "-qm", words)

    secret = "AKIA" + "Q" * 16
    key = "-----BEGIN PRIVATE KEY-----\n" + ("QUJD" * 16 + "\n") * 3
    monkeypatch.setattr(secrets_scan, "ROOT", tmp_path)
    git("init", "-q", "-b", "main")
    commit("begin", a="1\n", b="1\n")
    commit("with a key", b=f"1\n{key}2\n")
    commit("without it", b="1\n2\n")
    commit(f"as said by {secret}", b="3\n")
    git("checkout", "-qb", "side", "HEAD~2")
    commit("side", b="4\n")
    git("checkout", "-q", "main")
    with contextlib.suppress(subprocess.CalledProcessError):
        git("merge", "-q", "side")
    commit("merged", b=f"{secret}\n")
    commit("clean", b="5\n")

    found = sorted(line.partition(" ")[2].rpartition(": ")[0] for line in secrets_scan.scan_history())

    assert secrets_scan.scan() == []
    assert found == ["b: AWS key", "b: private key", "message: AWS key"]


def test_without_a_history_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_scan, "ROOT", tmp_path)

    with pytest.raises(secrets_scan.NoHistoryError, match="no working copy"):
        secrets_scan.scan_history()


def test_the_rules_against_dangerous_calls_are_on_for_everything_that_ships() -> None:
    """ruff's S: eval, pickle, yaml.load, subprocess with a shell, SQL from pieces, TLS without a check."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    shipped = {
        name: rules for name, rules in lint["per-file-ignores"].items() if not name.startswith(("tests/", "bench/"))
    }

    assert lint["select"] == ["ALL"]
    assert {rule for rule in lint["ignore"] if rule.startswith("S")} == {"S101"}
    assert {rule for rules in shipped.values() for rule in rules if rule.startswith("S")} == {"S311"}
