import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from simulators.local_stack import LocalStack, Progress
from tests.integration.local_stack.records import Sender, create_topic, read_all

pytestmark = pytest.mark.integration

KAFKA, REGISTRY = "STREAMS_KAFKA__BOOTSTRAP_SERVERS", "STREAMS_SCHEMA_REGISTRY__URL"


@pytest.fixture(scope="module")
def steps() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, steps: list[Progress]) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("stack") / "stack"
    with LocalStack(folder, progress=steps.append) as started:
        yield started
    assert not folder.exists()


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As a person types it, with nothing in the environment that was not there before."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMS_")}
    return subprocess.run(
        [sys.executable, "-m", "simulators.local_stack", *arguments, "--dir", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )


def exports(output: str) -> dict[str, str]:
    words = [shlex.split(line) for line in output.splitlines()]
    assert all(word[0] == "export" and len(word) == 2 for word in words)
    return dict(word[1].split("=", 1) for word in words)


def test_a_stack_says_what_it_does_and_how_to_reach_it(stack: LocalStack, steps: list[Progress]) -> None:
    assert stack.environment() == {KAFKA: stack.kafka.bootstrap, REGISTRY: stack.registry.url}
    assert [step.text for step in steps][-2:] == ["starting the schema registry", "starting Kafka (1 node)"]


def test_the_command_runs_a_stack_beside_another_and_brings_back_what_was_killed(
    stack: LocalStack, tmp_path: Path
) -> None:
    folder = tmp_path / "by hand"
    try:
        started = command(folder, "up", "--port", "0", "--registry-port", "0")
        assert started.returncode == 0, started.stderr
        told = exports(started.stdout)
        config = {"bootstrap.servers": told[KAFKA]}
        create_topic(config, "things")
        with SchemaRegistryClient({"url": told[REGISTRY]}) as client:
            number = client.register_schema("things-value", Schema('"long"', "AVRO"))
        sender = Sender(config)
        sender.send("things", ["mine"])
        sender.flush()

        killed = command(folder, "kill", "registry").returncode
        found_dead = command(folder, "status")
        restarted = command(folder, "restart", "registry").returncode
        found_well = command(folder, "status")

        assert (killed, restarted) == (0, 0)
        assert (found_dead.returncode, found_dead.stdout.count("stopped")) == (1, 1)
        assert (found_well.returncode, found_well.stdout.count("running")) == (0, 2)
        assert read_all(config, "things") == ["mine"]
        with SchemaRegistryClient({"url": told[REGISTRY]}) as client:
            assert client.get_latest_version("things-value").schema_id == number
        assert "things" not in stack_topics(stack)
    finally:
        ended = command(folder, "down", "--wipe")
    assert ended.returncode == 0
    assert not folder.exists()
    assert stack.kafka.running
    assert stack.registry.running


def stack_topics(stack: LocalStack) -> set[str]:
    return set(AdminClient({**stack.kafka.client_config(), "log_level": 0}).list_topics(timeout=30).topics)
