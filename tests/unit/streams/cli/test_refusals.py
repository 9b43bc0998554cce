"""What a person can cause is one line that names the thing, and exit code 2."""

from pathlib import Path

import pytest

from tests.unit.streams.cli.calling import SETTINGS, one_line, run

STOCK = "wms.stock-change.v1"
TALKS_TO_KAFKA = [
    ("topics", "apply"),
    ("dead-letters", "list"),
    ("dead-letters", "show", "wms.stock-change.v1-0-1"),
    ("dead-letters", "retry", "--reason", "wrong-key"),
    ("gaps", "list"),
    ("resume", "wms.stock-change.v1"),
    ("sinks", "list"),
    ("sinks", "pause", "commerce"),
    ("trace", "SKU-1"),
    ("replay", "reprocess", "wms.stock-change.v1", "--from", "earliest"),
    ("replay", "rebuild", "stock-ledger"),
    ("replay", "what-if", "wms.stock-change.v1", "--from", "earliest", "--set", "STREAMS_INVENTORY__BUFFER=1"),
    ("stock", "recount", "SKU-1"),
]


@pytest.mark.parametrize("command", [*TALKS_TO_KAFKA, ("status",), ("doctor",), ("schemas", "apply")], ids=" ".join)
def test_a_missing_setting_is_named(command: tuple[str, ...]) -> None:
    assert "STREAMS_KAFKA__BOOTSTRAP_SERVERS: is not set" in one_line(run(*command, settings={}))


def test_a_misspelt_setting_is_named() -> None:
    line = one_line(run("gaps", "list", settings={**SETTINGS, "STREAMS_KAFKA__PARTITION": "3"}))

    assert "STREAMS_KAFKA__PARTITION: no such setting; did you mean STREAMS_KAFKA__PARTITIONS" in line


@pytest.mark.parametrize(
    "command", [("gaps", "list"), ("sinks", "pause", "commerce"), ("topics", "apply")], ids=" ".join
)
def test_brokers_that_do_not_answer_are_named_with_the_reason(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.runtime.operating.brokers.ROUND_S", 0.05)

    line = one_line(run(*command))

    assert "STREAMS_KAFKA__BOOTSTRAP_SERVERS: no broker at 127.0.0.1:1 answers: " in line
    assert "Connection refused" in line


def test_a_registry_that_does_not_answer_is_named() -> None:
    assert "STREAMS_SCHEMA_REGISTRY__URL: the schema registry does not answer" in one_line(run("schemas", "apply"))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("dead-letters", "retry"), "name letters by their ids, or --group"),
        (("dead-letters", "retry", "a.v1-0-1", "--group", "x"), "name letters by their ids, or --group"),
        (("dead-letters", "retry", "--group", ""), "at least 4 characters"),
        (("dead-letters", "discard", "a.v1-0-1"), "--reason"),
        (("dead-letters", "discard", "a.v1-0-1", "--reason", "x"), "3 to 200 characters"),
        (("dead-letters", "retry", "--all", "--group", "abcd"), "name letters by their ids, or --group"),
        (("dead-letters", "retry", "--all", "--why", "x" * 201), "at most 200 characters"),
        (("dead-letters", "edit", "a.v1-0-1"), "say what is corrected"),
        (("dead-letters", "edit", "--set", "uom=EA"), "name letters by their ids, or --group"),
        (("dead-letters", "edit", "a.v1-0-1", "--set", "uom"), "is not FIELD=VALUE"),
        (("dead-letters", "edit", "a.v1-0-1", "a.v1-0-2", "--file", __file__), "name one letter"),
        (("dead-letters", "show", "somewhere"), "is not TOPIC-PARTITION-OFFSET"),
        (("dead-letters", "list", "--since", "yesterday"), "neither a time like"),
        (("dead-letters", "list", "--limit", "1000000000"), "1000000000 is not in the range"),
        (("dead-letters", "list", "--reason", "because"), "because"),
        (("sinks", "pause", "pos"), "pos"),
        (("resume", "audit.v1"), "audit.v1"),
        (("replay", "reprocess", "wms.stock-change.v1"), "--from"),
        (("replay", "reprocess", "dead-letter.v1", "--from", "0"), "'wms.stock-change.v1', 'inventory.hold.v1'"),
        (("replay", "what-if", "orders.event.v1", "--from", "0"), "'wms.stock-change.v1', 'inventory.hold.v1'"),
        (("replay", "what-if", STOCK, "--from", "0"), "nothing is changed"),
        (("replay", "what-if", STOCK, "--from", "0", "--set", "BUFFER=1"), "it takes names below STREAMS_INVENTORY__"),
        (("replay", "what-if", STOCK, "--from", "0", "--config", "/nowhere.toml"), "/nowhere.toml"),
        (("replay", "rebuild", "ledger"), "'stock-ledger'"),
        (("replay", "rebuild", "orders"), "orders cannot be compared"),
        (("trace",), "name a SKU or an order, or a record"),
        (("trace", "SKU-1", "--record", "a.v1-0-1"), "name a SKU or an order, or a record"),
        (("stock", "rebase", "A", "W1", "5"), "--reason"),
        (("stock", "rebase", " A", "W1", "5", "--reason", "abc"), "a SKU has 1 to 64 characters"),
        (("stock", "rebase", "A", "W1", "-1", "--reason", "abc"), "-1"),
        (("stock", "rebase", "A", "W1", "1.1234567", "--reason", "abc"), "at most six decimals"),
        (("stock", "rebase", "A", "W1", "NaN", "--reason", "abc"), "at most six decimals"),
        (("stock", "rebase", "A", "W1", "1e99", "--reason", "abc"), "is not a quantity from 0 to"),
        (("stock", "rebase", "A", "W1", "1", "--bucket", "WIP", "--reason", "abc"), "WIP"),
        (("stock", "recount", "A\x1b[2J"), "a SKU has 1 to 64 characters"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_wrong_argument_is_said_before_anything_is_asked(command: tuple[str, ...], said: str) -> None:
    refused = run(*command)

    assert refused.exit_code == 2
    assert said in refused.stderr


def test_faust_cannot_start_a_worker_behind_our_back() -> None:
    assert "use `commerce-streams worker`" in one_line(run("faust", "worker", "-l", "info"))


def test_faust_lists_agents_without_a_broker() -> None:
    shown = run("faust", "--json", "agents")

    assert shown.exit_code == 0
    assert "@stock-ledger.wms.stock-change.v1" in shown.output


def test_a_simulator_that_nobody_knows_is_named() -> None:
    refused = run("simulate", "warehouse")

    assert refused.exit_code == 2
    assert "there are: adobe-commerce, netsuite" in refused.stderr


def test_arguments_after_a_simulator_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run("simulate", "wms", "--help")

    assert shown.exit_code == 0
    assert "--skus" in shown.output


def test_docs_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("a file")

    refused = run("docs", "--dir", str(tmp_path / "docs" / "deeper"))

    assert refused.exit_code == 2
    assert "Not a directory" in refused.stderr
