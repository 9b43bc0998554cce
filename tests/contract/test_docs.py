"""What the documentation names exists: links, files, functions, commands, settings, metrics, topics, ways out."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest
import yaml

from connectors.core import registry
from streams.cli.main import cli
from streams.domain.reasons import DeadReason
from streams.runtime.metrics import REGISTRY
from streams.settings.read import CONFIG, CONNECTORS, FILE_SUFFIX, PREFIX, known_names
from streams.settings.tree import Settings
from streams.topics import BY_NAME

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *DOCS.rglob("*.md"),
        *(ROOT / "connectors").rglob("README.md"),
        *(ROOT / "simulators").rglob("README.md"),
    )
)
TOP = {path.name for path in ROOT.iterdir()}
OUTSIDE_OF_GIT = {".venv", "out", "dist"}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.(?:py|toml|md|avsc|ya?ml|json|lock|svg)")
PLACE = re.compile(r"`([\w./-]+\.py)::([\w.]+)`")
METRIC = re.compile(r"\bstreams_[a-z_]+")
SETTING = re.compile(r"\bSTREAMS_[A-Z0-9_]+[A-Z0-9]")
TOPIC = re.compile(r"`([a-z-]+(?:\.[a-z-]+)*\.v\d+)`")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
COMMAND = re.compile(r"(?:^|[\s;])(?:commerce-streams|python -m streams)((?: [^`#|;\n]+)?)")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def code(page: Path) -> Iterator[str]:
    """Spans and lines of blocks."""
    text = page.read_text()
    for block in FENCE.findall(text):
        yield from block.splitlines()
    yield from SPAN.findall(FENCE.sub("", text))


@cache
def anchors(page: Path) -> frozenset[str]:
    """As GitHub makes them; a heading that comes again has a number."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+)$", prose(page), flags=re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        found[name] = found.get(name, 0) + 1
    return frozenset(f"{name}-{n}" if n else name for name, count in found.items() for n in range(count))


@every_page
def test_every_relative_link_leads_to_a_file_and_its_heading(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert not broken


@every_page
def test_every_file_and_folder_that_is_named_exists(page: Path) -> None:
    missing = []
    for span in SPAN.findall(prose(page)):
        name = span.partition("::")[0]
        is_file = FILE.fullmatch(name) is not None and "/" in name
        is_folder = re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*/", name) is not None
        top = name.split("/")[0]
        if (is_file or is_folder) and top in TOP - OUTSIDE_OF_GIT and not (ROOT / name).exists():
            missing.append(name)

    assert not missing


@cache
def names_in(path: str) -> frozenset[str]:
    found = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = (one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))
            found |= {f"{node.name}.{one.name}" for one in members}
    return frozenset(found)


@every_page
def test_every_function_and_test_that_is_named_exists(page: Path) -> None:
    places = PLACE.findall(page.read_text())

    assert [f"{path}::{name}" for path, name in places if name not in names_in(path)] == []


def mistakes(words: list[str]) -> str:
    """What is wrong with a command line of ours, as far as its subcommand and its options go."""
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        inner = command.get_command(context, words[0])
        if inner is None:
            return f"no command {words[0]}"
        command, words = inner, words[1:]
    if command.name == "simulate":
        return ""
    options = {option for one in command.get_params(context) for option in (*one.opts, *one.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    return f"no option {unknown[0]}" if unknown else ""


@every_page
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    wrong = []
    for text in code(page):
        for rest in COMMAND.findall(text):
            found = mistakes(shlex.split(rest.replace("…", "")))
            if found:
                wrong.append(f"{text}: {found}")

    assert not wrong


def exposed() -> set[str]:
    found: set[str] = set()
    for family in REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("", "_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + suffix for suffix in suffixes}
    return found


@every_page
def test_every_metric_that_is_named_is_exposed(page: Path) -> None:
    assert set(METRIC.findall(page.read_text())) <= exposed()


def settings() -> set[str]:
    names = {CONFIG, *(PREFIX + path for path, _ in known_names(Settings))}
    for name in registry.names():
        prefix = f"{CONNECTORS}{name.upper()}__"
        names |= {prefix + path for path, _ in known_names(registry.load(name).settings)}
    return names


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".env.example"], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = settings()
    branches = {name.rpartition("__")[0] for name in known} | {CONNECTORS.removesuffix("__")}
    found = set(SETTING.findall(page.read_text()))

    secrets_in_files = {name for name in found if name.removesuffix(FILE_SUFFIX) in known}

    assert found - known - branches - secrets_in_files == set()


@every_page
def test_every_topic_that_is_named_is_declared(page: Path) -> None:
    assert set(TOPIC.findall(prose(page))) <= BY_NAME.keys()


@every_page
def test_every_target_of_make_that_is_named_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert {target for text in code(page) for target in TARGET.findall(text)} <= known


def test_every_page_is_listed() -> None:
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall((DOCS / "index.md").read_text())}

    assert set(DOCS.rglob("*.md")) - {DOCS / "index.md"} <= listed


def labels() -> set[str]:
    """First words of the lines of "needs you": the second argument of every Need."""
    found = set()
    for file in sorted((ROOT / "streams" / "web").glob("needs*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Need":
                texts = [one.value for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and text[:1].isupper()}
    return found


def test_everything_that_needs_a_person_has_a_way_out_in_the_runbooks() -> None:
    known = anchors(DOCS / "runbooks.md")
    named = set(re.findall(r"runbook ([A-Z]\w+)", "".join(f.read_text() for f in (ROOT / "streams").rglob("*.py"))))

    assert len(labels()) > 10
    assert {label.lower().replace(" ", "-") for label in labels()} <= known
    assert {reason.value for reason in DeadReason} <= known
    assert {name.lower() for name in named} <= known


def test_each_runbook_of_an_alert_answers_the_same_questions() -> None:
    rules = yaml.safe_load((ROOT / "ops" / "prometheus" / "rules" / "commerce-streams.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    parts = re.split(r"^## ", (DOCS / "runbooks.md").read_text(), flags=re.MULTILINE)
    answered = {part.split("\n")[0]: re.findall(r"^\*\*(.+?)\.\*\*", part, flags=re.MULTILINE) for part in parts}
    questions = ["What it means", "What customers notice", "Look here first", "Do this", "Afterwards"]

    assert {alert: answered.get(alert) for alert in alerts} == dict.fromkeys(alerts, questions)


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *project["dependency-groups"]["dev"],
    ]
    wanted = [re.split(r"[\[=><~ ]", line)[0] for line in lines]
    page = (DOCS / "decisions" / "dependencies.md").read_text()

    assert re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE) == wanted


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda page: page.stem)
def test_a_decision_has_context_decision_and_consequence(page: Path) -> None:
    text = page.read_text()

    assert text.startswith(f"# {page.name[:4]} ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequence"]


def test_the_figures_of_the_readme_are_those_of_the_limits_page() -> None:
    """Both tell of one run."""
    pages = ((ROOT / name).read_text() for name in ("README.md", "docs/limits.md"))
    first, second = (re.findall(r"p50 [\d.]+ s, p99 [\d.]+ s", page) for page in pages)

    assert first
    assert first == second


def test_hooks_before_a_commit_call_what_make_check_calls() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    entries = {hook["entry"].split()[0] for repo in hooks for hook in repo["hooks"]}

    assert {repo["repo"] for repo in hooks} == {"local"}
    assert entries == {f".venv/bin/{tool}" for tool in ("ruff", "mypy", "lint-imports", "python")}


def test_the_picture_is_well_formed_and_readable_in_the_dark() -> None:
    picture = (DOCS / "img" / "flow.svg").read_text()

    root = ET.fromstring(picture)

    assert root.find("{*}title") is not None
    assert "prefers-color-scheme: dark" in picture


def test_no_page_names_a_place_outside_of_the_project() -> None:
    """A reader has this project and nothing else."""
    outside = [str(page) for page in PAGES if re.search(r"(?<![\w.])/(?:work|tmp|root|home)/", page.read_text())]

    assert outside == []
