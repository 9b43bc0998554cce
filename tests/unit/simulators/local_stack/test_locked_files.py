import re

import pytest

from simulators.local_stack.locked_files import KAFKA, REGISTRY, Lock, parse
from simulators.local_stack.relock import as_text


@pytest.mark.parametrize("lock", [KAFKA, REGISTRY], ids=lambda lock: lock.source.name)
def test_every_shipped_lock_pins_each_file_by_hash_and_size(lock: Lock) -> None:
    assert lock.files
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) and file.size > 0 for file in lock.files)
    assert len({file.name for file in lock.files}) == len(lock.files)


@pytest.mark.parametrize("lock", [KAFKA, REGISTRY], ids=lambda lock: lock.source.name)
def test_a_lock_file_is_what_the_lock_command_would_write_for_its_files(lock: Lock) -> None:
    written = lock.source.read_text()
    title = written.removeprefix("# ").split(":", 1)[0]

    assert as_text(title, list(lock.files)) == written


def test_the_clients_in_the_broker_have_the_version_of_the_broker() -> None:
    versions = {file.artifact: file.version for file in KAFKA.files}

    assert versions["kafka-clients"] == versions["kafka_2.13"]


def test_a_file_stands_where_maven_puts_it() -> None:
    jar = parse(f"org.example.deep:thing:1.2 {'a' * 64} 10")
    archive = parse(f"org.example:app:3:all:tar.gz {'a' * 64} 10")

    assert jar.path == "org/example/deep/thing/1.2/thing-1.2.jar"
    assert archive.path == "org/example/app/3/app-3-all.tar.gz"
