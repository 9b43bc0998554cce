"""The list of rights on real brokers, in short; `python -m tests.proofs.least_privilege` takes away each rule in turn.

One system for the file: TLS, SCRAM-SHA-512, StandardAuthorizer, nobody may anything unless a rule says so.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from confluent_kafka import Producer

from simulators.local_stack.registry import Registry
from tests.fakes.canaries import seen
from tests.processes import Worker, until
from tests.proofs.least_privilege import denied, missed_at_the_start, missed_while_running, the_flow_works
from tests.proofs.protected import PASSWORDS, WAREHOUSE, ProtectedSystem, Rule
from tests.unit.streams.settings.private import private

pytestmark = pytest.mark.integration
PERSON = "canary.person@example.com"
TOKEN, REPLACED = "canary-token-7731", "canary-token-8842"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProtectedSystem]:
    folder = tmp_path_factory.mktemp("protected")
    with Registry(folder / "registry") as registry:
        made = ProtectedSystem(folder, registry.url, items=5, overrides={"STREAMS_LOGS__LEVEL": "DEBUG"})
        try:
            yield made.start()
        finally:
            made.end()


@pytest.fixture(scope="module")
def token(system: ProtectedSystem) -> Path:
    return private(system.folder / "token", TOKEN)


@pytest.fixture(scope="module")
def worker(system: ProtectedSystem, token: Path) -> Worker:
    return the_flow_works(system, STREAMS_WEB__TOKEN_FILE=str(token))


def page(worker: Worker, path: str, token: str) -> tuple[int, str]:
    """Status and text."""
    request = Request(f"{worker.url}{path}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_stock_flows_under_exactly_the_printed_rules_and_nothing_else_is_allowed(
    system: ProtectedSystem, worker: Worker
) -> None:
    assert worker.running
    assert [what for what, is_denied in denied(system) if not is_denied] == []


def test_no_password_and_no_person_is_seen_in_logs_metrics_or_pages(system: ProtectedSystem, worker: Worker) -> None:
    before = len(system.read("dead-letter.v1"))
    producer = Producer(system.client(WAREHOUSE))
    for value in (PERSON.encode(), b"\0\0\0\0\1" + PERSON.encode(), None):
        producer.produce("wms.stock-change.v1", value, b"SKU-00001")
    assert producer.flush(30) == 0
    until(lambda: len(system.read("dead-letter.v1")) == before + 3, within=30, what="the letters are there", step=0.3)

    paths = ("/metrics", "/status", "/", "/dead-letters", "/settings", "/api/v1/worker", "/readyz")
    answers = [page(worker, path, TOKEN) for path in paths]
    shown = "".join(text for _, text in answers)
    letters = [one for one in system.read("dead-letter.v1") if seen([PERSON], str(one.value()))]
    told = "".join(str(text) for one in letters for name, text in one.headers() if name.startswith("dl_"))
    printed = f"{shown}{told}{''.join(one.log for one in system.workers)}"

    assert [status for status, _ in answers] == [200] * len(paths)
    assert len(letters) == 2
    assert seen([PERSON, TOKEN, *PASSWORDS.values(), "simulated-password-1"], printed) == []


def test_a_token_in_a_file_is_replaced_while_the_worker_runs(worker: Worker, token: Path) -> None:
    private(token, "", 0o644)
    assert [page(worker, "/status", one)[0] for one in (TOKEN, REPLACED)] == [200, 401]
    private(token, REPLACED)
    assert [page(worker, "/status", one)[0] for one in (TOKEN, REPLACED)] == [401, 200]

    until(lambda: "secret-not-taken" in worker.log, within=5, what="what could not be taken is told")
    assert worker.log.count("secret-not-taken") == 1
    assert seen([TOKEN, REPLACED], worker.log) == []


def _rule(system: ProtectedSystem, operation: str, name: str) -> Rule:
    return next(one for one in system.granted if (one["operation"], one["resource_name"]) == (operation, name))


def test_a_right_that_is_taken_from_a_running_worker_ends_it_with_one_line_and_loses_nothing(
    system: ProtectedSystem, worker: Worker
) -> None:
    line, after = missed_while_running(system, _rule(system, "WRITE", "inventory.desired.v1"), worker)

    assert "topic inventory.desired.v1" in line
    assert after.stop() == 0


def test_a_right_that_is_missing_at_the_start_is_named_before_anything_is_read(system: ProtectedSystem) -> None:
    line = missed_at_the_start(system, _rule(system, "WRITE", "dead-letter.v1"))

    assert line.endswith("`commerce-streams topics acls --part worker` prints what to grant")


def test_a_wrong_password_is_one_line_without_the_password(system: ProtectedSystem) -> None:
    line = system.refused_start("wrong", STREAMS_KAFKA__SASL_PASSWORD="canary-wrong-4417")

    assert "the brokers refuse this user or password" in line
    assert seen(["canary-wrong-4417"], line) == []
