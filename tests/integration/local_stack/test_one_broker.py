import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from simulators.local_stack import clock, ports
from simulators.local_stack.child import Child
from simulators.local_stack.errors import (
    AlreadyRunningError,
    DiskFullError,
    StartFailedError,
)
from simulators.local_stack.kafka import Kafka
from simulators.local_stack.progress import silent
from simulators.local_stack.quick_start import prepare
from tests.integration.local_stack.records import Sender, create_topic, read_all

pytestmark = pytest.mark.integration

STARTER = """
import sys, time
from simulators.local_stack import Kafka
kafka = Kafka(sys.argv[1])
kafka.launch()
print(kafka.brokers[0].state.pid, flush=True)
time.sleep(300)
"""


def test_what_was_prepared_once_is_used_by_every_start(tmp_path: Path) -> None:
    kept = prepare(silent)

    with Kafka(tmp_path / "kafka") as kafka:
        process = Path("/proc", str(kafka.brokers[0].state.pid), "cmdline").read_text().split("\0")

    assert prepare(silent) == kept
    assert len([one for one in process if one.removeprefix("-XX:AOTCache=") in map(str, kept)]) == 1


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    proxy = ports.free_port(set())
    with Kafka(tmp_path_factory.mktemp("broker") / "kafka", proxy_ports=[proxy]) as kafka:
        yield kafka


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(1 << 12))


def test_a_second_start_in_the_same_folder_is_refused_with_the_address(broker: Kafka) -> None:
    with pytest.raises(AlreadyRunningError, match=broker.bootstrap):
        Kafka(broker.folder, proxy_ports=broker.proxy_ports).start()


def test_clients_of_the_second_listener_are_sent_to_the_proxy(broker: Kafka) -> None:
    (proxied,) = broker.proxied_ports

    behind = AdminClient({"bootstrap.servers": f"127.0.0.1:{proxied}", "log_level": 0}).list_topics(timeout=30)
    direct = AdminClient({**broker.client_config(), "log_level": 0}).list_topics(timeout=30)

    assert [node.port for node in behind.brokers.values()] == list(broker.proxy_ports)
    assert [f"127.0.0.1:{node.port}" for node in direct.brokers.values()] == [broker.bootstrap]
    assert broker.client_config(proxied=True)["bootstrap.servers"] == f"127.0.0.1:{broker.proxy_ports[0]}"


def test_a_killed_broker_comes_back_where_it_was_with_every_acknowledged_record(broker: Kafka) -> None:
    create_topic(broker.client_config(), "before-the-kill")
    sender = Sender(broker.client_config())
    sender.send("before-the-kill", (f"record {number}" for number in range(500)))
    sender.flush()
    address = broker.bootstrap

    broker.kill(1)
    assert not broker.running
    broker.restart_node(1)

    assert broker.bootstrap == address
    assert read_all(broker.client_config(), "before-the-kill") == sender.acknowledged
    assert len(sender.acknowledged) == 500


def test_kept_data_and_ports_survive_a_stop(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka", kept=True) as kafka:
        create_topic(kafka.client_config(), "kept")
        sender = Sender(kafka.client_config())
        sender.send("kept", ["one", "two"])
        sender.flush()
        address = kafka.bootstrap

    with Kafka(tmp_path / "kafka") as again:
        assert again.bootstrap == address
        assert read_all(again.client_config(), "kept") == ["one", "two"]
    assert list(tmp_path.iterdir()) == []


def test_a_throw_away_broker_leaves_no_process_when_its_program_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "kafka")], stdout=subprocess.PIPE)
    try:
        assert starter.stdout
        with starter.stdout as said:
            server = Child(int(said.readline()), str(tmp_path))
        assert clock.wait_until(lambda: server.alive, within=30), "it was not started"
    finally:
        starter.send_signal(signal.SIGKILL)
        starter.wait()

    assert clock.wait_until(lambda: not server.alive, within=30)


def test_a_setting_that_kafka_refuses_is_told_in_kafkas_words(tmp_path: Path) -> None:
    with pytest.raises(StartFailedError, match=r"Invalid value many for configuration num\.partitions") as failed:
        Kafka(tmp_path / "kafka", extra={"num.partitions": "many"}).start()

    assert "whole log: " in str(failed.value)


def test_a_broker_that_ends_while_starting_names_the_line_of_its_log(tmp_path: Path) -> None:
    damaged = tmp_path / "kafka" / "node1" / "data" / "meta.properties"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("not what Kafka wrote")
    kafka = Kafka(tmp_path / "kafka")

    with pytest.raises(
        StartFailedError, match=r"node 1 ended while starting: RuntimeException: .*node ID not found in"
    ):
        kafka.start()

    assert not kafka.running


def test_a_broker_on_a_full_disk_says_so(tmp_path: Path, small_disk: Path) -> None:
    fill(small_disk)
    kafka = Kafka(tmp_path / "kafka", extra={"log.dirs": str(small_disk / "data")})

    with pytest.raises(DiskFullError, match="no space left on the disk"):
        kafka.start()

    assert not kafka.running
