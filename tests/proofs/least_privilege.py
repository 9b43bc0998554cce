"""Proves the list of rights on real brokers: the stock flow under exactly it, then without each rule in turn.

python -m tests.proofs.least_privilege

TLS, SASL/SCRAM-SHA-512, StandardAuthorizer, `allow.everyone.if.no.acl.found=false`.  What is granted is what
`commerce-streams topics acls` prints.  Exit code 1 where anything does not hold.
"""

import json
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from simulators.local_stack.registry import Registry
from tests.processes import Worker, call, free_port, until
from tests.proofs.protected import GATEWAY, OPERATOR, PASSWORDS, POLL, WORKER, ProtectedSystem, Rule

TAKEN_WHILE_RUNNING = (
    ("WRITE", "inventory.desired.v1"),
    ("READ", "wms.stock-change.v1"),
    ("WRITE", "faults-stock-ledger-changelog"),
    ("WRITE", "faults-stock-write-changelog"),
    ("WRITE", "commerce.outcome.v1"),
    ("READ", "operator.control.v1"),
    ("READ", "faults"),
)
"""What a worker uses all the time: the others it misses when it starts."""
QUIET_LINES = 120
LONG_S = 120.0
ANOTHER = "another-app-ledger-changelog"
_OPERATORS_COMMANDS = (
    ("sinks", "pause", "commerce", "--reason", "proof"),
    ("sinks", "run", "commerce", "--reason", "proof"),
    ("dead-letters", "list"),
    ("gaps", "list"),
    ("replay", "reprocess", "wms.stock-change.v1", "--from", "earliest", "--dry-run"),
)


def the_flow_works(system: ProtectedSystem, **changes: str) -> Worker:
    """Stock from the warehouse to the shop under exactly the printed list."""
    worker = system.made_worker("whole-list", **changes)
    worker.start()
    worker.wait_ready(LONG_S)
    system.open_stock()
    system.trade(2, 20)
    system.wait_equal(LONG_S)
    return worker


def missed_at_the_start(system: ProtectedSystem, rule: Rule) -> str:
    """The line of a worker that lacks `rule`; it names operation and resource."""
    system.take_away(rule)
    try:
        line = system.refused_start(f"without-{system.granted.index(rule)}")
    finally:
        system.grant([rule])
    named = f"{rule['operation']} on {rule['resource_type'].lower()} {rule['resource_name']}"
    assert f"the Kafka user {WORKER} lacks " in line, line
    assert named in line, line
    return line


def missed_while_running(system: ProtectedSystem, rule: Rule, worker: Worker) -> tuple[str, Worker]:
    """The worker ends, quietly and with a line; with the rule back nothing is lost.  The line, and the next worker."""
    before = len(worker.log)
    system.take_away(rule)
    try:
        system.trade(2, 20)
        until(lambda: not worker.running, within=LONG_S, what=lambda: f"the worker ends\n{worker.log[-2000:]}")
    finally:
        system.grant([rule])
    said = worker.log[before:].splitlines()
    line = said[-1]
    assert worker.wait(1) == 2, worker.log[before:]
    assert line.startswith("commerce-streams: the brokers took away a right of this user on "), line
    assert rule["resource_name"] in line, line
    assert len(said) <= QUIET_LINES, f"{len(said)} lines: it spins"
    fresh = system.made_worker(f"after-{rule['operation']}-{rule['resource_name']}")
    fresh.start()
    fresh.wait_ready(LONG_S)
    system.wait_equal(LONG_S)
    return line, fresh


def denied(system: ProtectedSystem) -> Iterator[tuple[str, bool]]:
    """What the worker's own credential cannot do."""
    yield "write to a source topic", _write(system, "wms.stock-change.v1") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    system.admin.create_topics([NewTopic(ANOTHER, 1, 1)])[ANOTHER].result(30)
    yield "write another application's changelog", _write(system, ANOTHER) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    yield "read another application's changelog", _seen(system, ANOTHER) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    yield "join another group", _joined(system, "x") == KafkaError.GROUP_AUTHORIZATION_FAILED
    admin = AdminClient(system.client(WORKER))
    made = admin.create_topics([NewTopic("new", 1, 1)])["new"].exception(30)
    yield "create a topic", _code(made) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    gone = admin.delete_topics(["dead-letter.v1"])["dead-letter.v1"].exception(30)
    yield "delete a topic", _code(gone) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def _write(system: ProtectedSystem, topic: str) -> int | None:
    heard: list[int | None] = []

    def ended(error: KafkaError | None, _message: Message) -> None:
        heard.append(None if error is None else error.code())

    producer = Producer(system.client(WORKER))
    producer.produce(topic, b"forged", b"SKU-00001", on_delivery=ended)
    producer.flush(30)
    return heard[0]


def _seen(system: ProtectedSystem, topic: str) -> int | None:
    """Who may not describe a topic may not fetch from it either; the client waits instead of saying so."""
    consumer = Consumer({**system.client(WORKER), "group.id": "faults"})
    try:
        error = consumer.list_topics(topic, timeout=30).topics[topic].error
        return None if error is None else int(error.code())
    finally:
        consumer.close()


def _joined(system: ProtectedSystem, group: str) -> int | None:
    consumer = Consumer({**system.client(WORKER), "group.id": group})
    try:
        consumer.subscribe(["inventory.desired.v1"])
        found = consumer.poll(30)
        error = None if found is None else found.error()
        return None if error is None else int(error.code())
    except KafkaException as error:
        return _code(error)
    finally:
        consumer.close()


def _code(error: Any) -> int | None:  # Any: whatever a future holds
    return int(error.args[0].code()) if isinstance(error, KafkaException) else None


def operators_commands(system: ProtectedSystem) -> None:
    """An operator works under the operator's list; the doctor says whose rights it saw."""
    for words in _OPERATORS_COMMANDS:
        system.command(*words, expect=0)
    assert "operator must" in system.command("doctor", expect=0)


def gateway_and_poll_work(system: ProtectedSystem) -> None:
    """Each under its own list: the gateway can append, the poll finds what there is."""
    port = free_port()
    secret = f"whsec_{b64encode(b'proof' * 8).decode()}"
    given = {"STREAMS_GATEWAY__PORT": str(port), "STREAMS_GATEWAY__SECRETS": json.dumps({"web": [secret]})}
    gateway = system.process("gateway", GATEWAY, "gateway", **given)
    gateway.start()
    try:
        until(lambda: _is_ready(port) or not gateway.running, within=LONG_S, what=lambda: gateway.log[-2000:])
        assert gateway.running, gateway.log
    finally:
        gateway.stop()
    poll = system.process("poll", POLL, "poll", "--once", STREAMS_POLL__PORT="0")
    poll.start()
    assert poll.wait(LONG_S) == 0, poll.log
    assert system.read("source.cursor.v1"), poll.log


def _is_ready(port: int) -> bool:
    try:
        call(f"http://127.0.0.1:{port}/readyz", timeout=1)
    except OSError:
        return False
    return True


def wrong_password(system: ProtectedSystem) -> str:
    line = system.refused_start("wrong-password", STREAMS_KAFKA__SASL_PASSWORD="canary-wrong-4417")
    assert "the brokers refuse this user or password" in line, line
    assert "canary-wrong" not in line, line
    return line


def main() -> int:
    began = time.monotonic()  # noqa: TID251  for the reader

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)  # noqa: TID251  as above

    with tempfile.TemporaryDirectory() as folder, Registry(Path(folder) / "registry") as registry:
        system = ProtectedSystem(Path(folder), registry.url, items=10)
        try:
            prove(system, say)
        except AssertionError as error:
            say(f"FAILED: {error}")
            return 1
        finally:
            system.end()
    say("all held")
    return 0


def prove(system: ProtectedSystem, say: Any) -> None:  # Any: prints
    system.start()
    worker = the_flow_works(system)
    say(f"held: stock flows under exactly {len(system.granted)} rules")
    operators_commands(system)
    say("held: an operator sets up, pauses, runs, lists and replays under the operator's rules")
    gateway_and_poll_work(system)
    say("held: gateway and poll work under their own rules")
    for operation, name in TAKEN_WHILE_RUNNING:
        rule = next(one for one in system.granted if (one["operation"], one["resource_name"]) == (operation, name))
        line, worker = missed_while_running(system, rule, worker)
        say(f"held: {operation} on {name} taken from a running worker: {line}")
    worker.stop()
    for rule in system.granted:
        say(f"held: {missed_at_the_start(system, rule)}")
    for what, is_denied in denied(system):
        assert is_denied, f"a worker may {what}"
        say(f"held: a worker may not {what}")
    say(f"held: {wrong_password(system)}")
    printed = "".join(one.log for one in system.workers)
    assert not [name for name in (OPERATOR, WORKER) if PASSWORDS[name] in printed], "a password was printed"
    say("held: no password in any log")


if __name__ == "__main__":
    sys.exit(main())
