import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from streams.cli.lazy import Entry
from streams.cli.main import ENTRIES, cli
from tests.unit.streams.cli.calling import run

PASSED_ON = {"faust", "agents", "tables", "models", "model"}
"""Their --help is Faust's."""


def _paths() -> Iterator[tuple[str, ...]]:
    for name in ENTRIES:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(click.Context(command)))


@pytest.mark.parametrize("path", [path for path in _paths() if path[0] not in PASSED_ON], ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    shown = run(*path, "--help", settings={})

    assert shown.exit_code == 0
    assert f"Example: commerce-streams {path[0]}" in shown.output or f"commerce-streams {path[0]}" in shown.output
    assert "Example: " in shown.output


def test_the_list_shows_every_command_with_its_heading() -> None:
    shown = run("--help", settings={}).output

    for name, entry in ENTRIES.items():
        assert f"{entry.heading}:" in shown
        assert f"\n  {name} " in shown


@pytest.mark.parametrize(("name", "entry"), ENTRIES.items(), ids=list(ENTRIES))
def test_every_entry_names_a_command_of_that_name(name: str, entry: Entry) -> None:
    command = cli.get_command(click.Context(cli), name)

    assert isinstance(command, click.Command)
    assert command.name == name
    assert entry.help.endswith((".", "?"))


def test_help_is_quick_because_it_imports_no_command() -> None:
    heavy = ("faust", "confluent_kafka", "pydantic", "aiohttp", "schemas", "connectors")
    program = (
        "import sys, contextlib, io\n"
        "from streams.cli.main import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): cli(['--help'])\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"


def test_an_unknown_command_and_a_wrong_option_are_exit_code_2() -> None:
    assert run("nonsense", settings={}).exit_code == 2
    assert run("doctor", "--nonsense", settings={}).exit_code == 2
