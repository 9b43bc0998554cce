import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from simulators.local_stack import state as states
from simulators.local_stack.cli import main
from simulators.local_stack.state import ClusterState, NodeState


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A folder with a cluster whose broker complained and ended."""
    kafka = tmp_path / "stack" / "kafka"
    (kafka / "node1").mkdir(parents=True)
    (kafka / "node1" / "kafka.log").write_text(
        "2026-11-21T11:14:12,897 ERROR Kafka$ Exiting\njava.lang.RuntimeException: the disk is upside down\n"
    )
    states.save(kafka, ClusterState("@id", "PLAINTEXT", {}, [NodeState(1, 9092)]))
    return tmp_path / "stack"


@pytest.mark.parametrize("command", [None, *main.commands])
def test_every_command_explains_itself_with_an_example(command: str | None) -> None:
    shown = CliRunner().invoke(main, [*filter(None, [command]), "--help"])

    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert re.search(r"(?m)^ +(?:KAFKA_JARS_DIR=\S+ |eval \"\$\()?python -m simulators\.local_stack", shown.output)


def test_status_says_that_nothing_was_started(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["status", "--dir", str(tmp_path)])

    assert shown.exit_code == 1
    assert f"nothing was started in {tmp_path}" in shown.output


def test_status_says_why_a_broker_ended(stopped: Path) -> None:
    shown = CliRunner().invoke(main, ["status", "--dir", str(stopped)])

    assert shown.exit_code == 1
    assert "stopped: RuntimeException: the disk is upside down" in shown.output


def test_status_can_be_read_by_a_program(stopped: Path) -> None:
    shown = CliRunner().invoke(main, ["status", "--json", "--dir", str(stopped)])

    (broker,) = json.loads(shown.stdout)
    assert (broker["name"], broker["address"], broker["running"]) == ("Kafka node 1", "127.0.0.1:9092", False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["kill", "7"], "there is no node 7"),
        (["up", "--secure", "--port", "0", "--registry-port", "0"], "use another folder, or remove the old data"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(stopped: Path, arguments: list[str], says: str) -> None:
    shown = CliRunner().invoke(main, [*arguments, "--dir", str(stopped)])

    assert shown.exit_code == 2
    assert says in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert shown.stdout == ""


def test_a_part_that_is_no_broker_and_no_registry_is_refused(stopped: Path) -> None:
    shown = CliRunner().invoke(main, ["kill", "zookeeper", "--dir", str(stopped)])

    assert shown.exit_code == 2
    assert "neither a broker's number nor `registry`" in shown.output


def test_the_folder_can_be_set_once_for_all_commands() -> None:
    folders = [
        parameter
        for command in main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name == "folder"
    ]

    assert folders
    assert {folder.envvar for folder in folders} == {"COMMERCE_STREAMS_STACK_DIR"}
