from pathlib import Path

import pytest

from connectors.core import registry
from connectors.core.manifest import RULES
from schemas.catalogue import CONTRACTS
from streams.cli.doc_pages import PAGES
from streams.cli.doc_pages.markdown import table
from streams.domain.reasons import ADVICE, DeadReason
from streams.runtime.metrics import exposition
from streams.settings.read import known_names
from streams.settings.tree import Settings
from streams.tables import TABLES
from streams.topics import TOPICS
from tests.unit.streams.cli.calling import run


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: made() for name, made in PAGES.items()}


def test_every_setting_stands_on_the_page_with_what_it_is_for(pages: dict[str, str]) -> None:
    lines = pages["configuration.md"].splitlines()

    for path, field in known_names(Settings):
        (line,) = [line for line in lines if line.startswith(f"| `STREAMS_{path}` |")]
        assert " ".join((field.description or "").split()).replace("|", "\\|") in line
    assert any("STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__CLIENT_SECRET" in line and "`ims`" in line for line in lines)
    assert any(line.startswith("| `STREAMS_KAFKA__PARTITIONS` | whole number | `8` |") for line in lines)


def test_every_topic_table_and_field_stands_on_the_page(pages: dict[str, str]) -> None:
    page = pages["topics.md"]

    assert all(f"| `{topic.name}` |" in page and topic.about in page for topic in TOPICS)
    assert all(f"### {spec.name}" in page for spec in TABLES)
    records = [contract.schema.record for contract in CONTRACTS]
    assert all(f"| `{field.name}` |" in page for record in records if record for field in record.fields)


def test_every_metric_that_a_worker_serves_stands_on_the_page(pages: dict[str, str]) -> None:
    served = [line.split()[2] for line in exposition().decode().splitlines() if line.startswith("# TYPE ")]
    ours = [name for name in served if not name.startswith("process_")]
    named = {name for name in ours if not name.endswith("_created")}

    assert named
    assert all(f"| `{name}` |" in pages["metrics.md"] for name in named)
    assert "| `streams_dead_letters_total` | counter | `topic`, `reason` |" in pages["metrics.md"]


def test_every_connector_answers_every_rule_on_the_page(pages: dict[str, str]) -> None:
    page = pages["connectors.md"]

    assert all(f"## {name}" in page for name in registry.names())
    assert all(f"| `{rule}` |" in page for rule in RULES)


def test_every_reason_says_what_to_do(pages: dict[str, str]) -> None:
    page = pages["dead-letter-reasons.md"]

    assert all(f"## {reason.value}" in page for reason in DeadReason)
    assert all(advice.partition(". ")[0] in page for advice in ADVICE.values())


def test_prose_has_one_sentence_to_a_line(pages: dict[str, str]) -> None:
    prose = [line for page in pages.values() for line in page.splitlines() if line and line[0] not in "|#<"]

    assert prose
    assert [line for line in prose if ". " in line.replace("e.g. ", "")] == []


def test_a_cell_cannot_break_its_table() -> None:
    assert table(("a",), [("x|y\nz",)]).splitlines()[2] == "| x\\|y z |"


def test_pages_are_written_once_and_found_stale_when_the_code_moves_on(tmp_path: Path) -> None:
    folder = str(tmp_path / "docs")

    assert run("docs", "--dir", folder, "--check").exit_code == 1
    assert run("docs", "--dir", folder).exit_code == 0
    assert run("docs", "--dir", folder, "--check").exit_code == 0

    stale = tmp_path / "docs" / "topics.md"
    stale.write_text(stale.read_text() + "\nby hand\n")
    checked = run("docs", "--dir", folder, "--check")
    assert (checked.exit_code, checked.stderr.count("is stale")) == (1, 1)
    assert "topics.md" in checked.stderr
    assert "by hand" in stale.read_text()
