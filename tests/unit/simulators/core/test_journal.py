"""What checkers rely on: complete, in order, durable, never over its bound."""

import json
from pathlib import Path

from simulators.core.journal import Entry, Journal
from simulators.core.server import ServerOptions
from tests.unit.simulators.core.support import counting, in_loop


def _entry(path: str = "/x") -> Entry:
    return Entry(at=1.0, method="POST", path=path)


def _lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_entries_are_numbered_from_one_and_paged_by_number() -> None:
    journal = Journal()
    for number in range(5):
        journal.append(_entry(f"/{number}"))

    first = json.loads(journal.page(0, 2))
    rest = json.loads(journal.page(first["next"], 100))

    assert [item["seq"] for item in first["items"]] == [1, 2]
    assert [item["path"] for item in rest["items"]] == ["/2", "/3", "/4"]
    assert rest["next"] == 5
    assert json.loads(journal.page(5, 10)) == {"items": [], "next": 5}


def test_numbers_keep_rising_over_a_reset() -> None:
    journal = Journal()
    journal.append(_entry())
    journal.clear()
    journal.append(_entry("/after"))

    page = json.loads(journal.page(0, 10))

    assert [(item["seq"], item["path"]) for item in page["items"]] == [(2, "/after")]
    assert page["next"] == 2


def test_an_entry_is_in_the_file_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    journal.append(_entry("/first"))

    lines = _lines(tmp_path / "deep" / "journal.jsonl")

    assert [line["kind"] for line in lines] == ["start", "request"]
    assert lines[1]["path"] == "/first"
    journal.close()


def test_an_amendment_changes_memory_and_follows_in_the_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    entry = _entry()
    entry.answered = True
    journal.append(entry)
    entry.answered = False
    journal.amend(entry)

    assert [kept.answered for kept in journal.entries()] == [False]
    assert _lines(tmp_path / "journal.jsonl")[-1]["kind"] == "amendment"
    journal.close()


def test_memory_is_bounded_and_the_newest_entries_stay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", memory_bytes=5_000)
    for number in range(200):
        journal.append(_entry(f"/{number}"))

    kept = journal.entries()

    assert sum(len(json.dumps({"path": entry.path})) for entry in kept) < 5_000
    assert kept[-1].path == "/199"
    assert [entry.seq for entry in kept] == list(range(kept[0].seq, 201))
    assert len(_lines(tmp_path / "journal.jsonl")) == 201
    journal.close()


@in_loop
async def test_every_vendor_request_is_journaled_and_control_routes_are_not(tmp_path: Path) -> None:
    async with counting(ServerOptions(journal=tmp_path / "journal.jsonl")) as (_, client):
        await client.post("/count?by=hand", {"n": 1.50})
        await client.get("/count")
        await client.get("/_sim/health")
        entries = await client.journal()

    assert [(entry["method"], entry["path"], entry["query"]) for entry in entries] == [
        ("POST", "/count", "by=hand"),
        ("GET", "/count", ""),
    ]
    assert entries[0]["body"] == {"n": 1.5}
    assert (entries[0]["effect"], entries[0]["answered"], entries[0]["status"]) == (True, True, 200)
    assert entries[0]["at"] <= entries[0]["ended_at"]
    assert (entries[1]["effect"], entries[1]["body"]) == (False, None)
    assert len(_lines(tmp_path / "journal.jsonl")) == 3


@in_loop
async def test_an_action_under_sim_may_have_an_entry_of_its_own_kind() -> None:
    async with counting() as (_, client):
        status, value = await client.post("/_sim/jump")
        entries = await client.journal()

    assert (status, value) == (201, 100)
    assert [(entry["kind"], entry["effect"]) for entry in entries] == [("jump", True)]


@in_loop
async def test_a_bug_in_a_simulator_is_written_down_and_answered_with_500() -> None:
    async with counting() as (_, client), client.session.post(f"{client.url}/broken") as response:
        assert response.status == 500
        entries = await client.journal()

    assert entries[0]["detail"] == {"simulator_error": "RuntimeError('a bug in the simulator')"}
    assert entries[0]["answered"] is False
