import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from simulators.local_stack.errors import StartFailedError
from simulators.local_stack.registry import Registry

pytestmark = pytest.mark.integration


def schema(*fields: str) -> Schema:
    made = [{"name": name, "type": "long"} for name in fields]
    return Schema(json.dumps({"type": "record", "name": "Thing", "fields": made}), "AVRO")


def ids(registry: Registry) -> list[int]:
    """Of two schemas, registered where they are not yet."""
    with SchemaRegistryClient({"url": registry.url}) as client:
        return [client.register_schema(f"{name}-value", schema(name)) for name in ("first", "second")]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Started by somebody whose shell has settings for another registry."""
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("QUARKUS_HTTP_PORT", "1")
        shell.setenv("APICURIO_STORAGE_KIND", "no-such-storage")
        started = Registry(tmp_path_factory.mktemp("registry") / "registry").start()
    yield started
    started.stop(wipe=True)


def test_a_change_that_old_records_do_not_survive_is_refused_from_the_start(registry: Registry) -> None:
    with SchemaRegistryClient({"url": registry.url}) as client:
        client.register_schema("things-value", schema("a"))

        with pytest.raises(SchemaRegistryError) as refused:
            client.register_schema("things-value", schema("a", "b"))

        assert client.get_compatibility() == "BACKWARD"
    assert refused.value.http_status_code == 409


def test_ids_that_were_given_out_survive_a_kill_and_a_stop(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", kept=True)
    try:
        registry.start()
        numbers = ids(registry)
        registry.kill()
        url = registry.url

        registry.start()

        assert registry.url == url
        assert ids(registry) == numbers
        with SchemaRegistryClient({"url": registry.url}) as client:
            assert json.loads(client.get_schema(numbers[1]).schema_str or "")["fields"][0]["name"] == "second"
    finally:
        registry.stop(wipe=True)
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_cannot_start_names_the_line_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMERCE_STREAMS_STACK_JAVA_OPTS", "-XX:+UseQuickGC")

    with pytest.raises(StartFailedError, match="the schema registry ended while starting: Unrecognized VM option"):
        Registry(tmp_path / "registry").start()


def test_settings_of_the_callers_shell_do_not_reach_the_registry(registry: Registry) -> None:
    with SchemaRegistryClient({"url": registry.url}) as client:
        number = client.register_schema("others-value", schema("a"))

        assert client.get_schema(number).schema_type == "AVRO"
