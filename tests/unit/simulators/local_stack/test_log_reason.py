from pathlib import Path

import pytest

from simulators.local_stack.errors import (
    DiskFullError,
    NoJavaError,
    PortTakenError,
    StackError,
    StartFailedError,
)
from simulators.local_stack.log_reason import complaint, failure, last_line

PORT_TAKEN = """\
2026-11-21T11:14:12,050 INFO  DataPlaneAcceptor Awaiting socket connections on 127.0.0.1:29555.
2026-11-21T11:14:12,062 ERROR DataPlaneAcceptor Unable to start acceptor for CLIENT
org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:29555: Address already in use.
\tat kafka.network.Acceptor.openServerSocket(SocketServer.scala:690)
Caused by: java.net.BindException: Address already in use
2026-11-21T11:14:12,165 ERROR Kafka$ Exiting Kafka due to fatal exception during startup.
java.lang.RuntimeException: Received a fatal error while waiting for all of the SocketServer Acceptors to be started
"""
WRONG_SETTING = """\
2026-11-21T11:14:12,897 ERROR Kafka$ Exiting Kafka due to fatal exception
org.apache.kafka.common.config.ConfigException: Invalid value many for configuration num.partitions: Not a number
\tat org.apache.kafka.common.config.ConfigDef.parseType(ConfigDef.java:764)
"""
DISK_FULL = """\
2026-11-21T11:24:33,996 ERROR LogDirFailureChannel Error while writing to checkpoint file /d/leader-epoch-checkpoint
java.io.IOException: No space left on device
2026-11-21T11:24:34,028 ERROR ProcessTerminatingFaultHandler Encountered fatal fault: caught exception
org.apache.kafka.common.errors.KafkaStorageException: The log dir /d is already offline due to a previous IO exception.
"""
WRONG_FLAG = """\
Unrecognized VM option 'UseQuickGC'
Error: Could not create the Java Virtual Machine.
Error: A fatal exception has occurred. Program will exit.
"""
NOT_FORMATTED = """\
Exception in thread "main" org.apache.kafka.common.config.ConfigException: Invalid value many for configuration a.b
\tat org.apache.kafka.common.config.ConfigDef.parseType(ConfigDef.java:764)
\tat kafka.tools.StorageTool.main(StorageTool.scala)
"""
MAPPED_FILE = """\
2026-11-21T11:24:33,996 ERROR SharedServer [SharedServer id=1] Got exception while starting SharedServer
java.lang.InternalError: a fault occurred in an unsafe memory access operation
"""
OLD_JAVA = """\
12:05:10,270 ERROR [io.qua.run.Quarkus] Error running Quarkus: java.lang.UnsupportedClassVersionError: io/apicurio/A \
has been compiled by a more recent version of the Java Runtime (class file version 65.0)
"""
NO_CAUSE = "2026-11-21T11:24:33,996 ERROR SharedServer [SharedServer id=1] Stopping\n"
WELL = "2026-11-21T11:13:38,654 INFO  KafkaRaftServer [KafkaRaftServer nodeId=1] Kafka Server started\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "kafka.log"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PORT_TAKEN, "KafkaException: Socket server failed to bind to 127.0.0.1:29555: Address already in use."),
        (
            WRONG_SETTING,
            "ConfigException: Invalid value many for configuration num.partitions: Not a number",
        ),
        (DISK_FULL, "IOException: No space left on device"),
        (WRONG_FLAG, "Unrecognized VM option 'UseQuickGC'"),
        (NOT_FORMATTED, "ConfigException: Invalid value many for configuration a.b"),
        (NO_CAUSE, "2026-11-21T11:24:33,996 ERROR SharedServer [SharedServer id=1] Stopping"),
        (WELL, ""),
        ("", ""),
    ],
    ids=["port", "setting", "disk", "flag", "no log", "no cause", "no error", "empty"],
)
def test_the_line_that_says_why_is_found(log: Path, text: str, why: str) -> None:
    log.write_text(text)

    assert complaint(log) == why


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (PORT_TAKEN, PortTakenError, "choose another port"),
        (WRONG_SETTING, StartFailedError, "Invalid value many"),
        (DISK_FULL, DiskFullError, "no space left on the disk of"),
        (MAPPED_FILE, DiskFullError, "no space left on the disk of"),
        (OLD_JAVA, NoJavaError, "set JAVA_HOME to Java 21 or newer"),
        (WELL, StartFailedError, "Kafka Server started"),
        ("", StartFailedError, "it wrote nothing"),
    ],
    ids=["port", "setting", "disk", "mapped file", "old Java", "no error", "empty"],
)
def test_a_failure_is_one_line_of_the_kind_that_says_what_to_do(
    log: Path, text: str, kind: type[StackError], says: str
) -> None:
    log.write_text(text)

    error = failure("Kafka node 1 ended while starting", log)

    assert type(error) is kind
    assert str(error).startswith("Kafka node 1 ended while starting: ")
    assert says in str(error)
    assert "\n" not in str(error)


def test_a_failure_names_the_whole_log(log: Path) -> None:
    log.write_text(WRONG_SETTING)

    assert str(failure("it ended", log)).endswith(f"(whole log: {log})")


def test_errors_of_an_earlier_start_are_not_told(log: Path) -> None:
    log.write_text(PORT_TAKEN)
    start = log.stat().st_size
    with log.open("a") as more:
        more.write(WELL)

    assert complaint(log, start) == ""
    assert last_line(log, start) == WELL.strip()


def test_a_log_that_was_never_written_gives_no_reason(log: Path) -> None:
    assert complaint(log) == ""
    assert last_line(log) == "it wrote nothing"
