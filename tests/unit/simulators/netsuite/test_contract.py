"""What a body may hold, and where a path leads."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.netsuite import extract_contract
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.netsuite.support import RECORDS, account, codes, line, order


@in_loop
async def test_an_unknown_name_is_dropped_without_a_word_unless_the_request_asks_for_an_error() -> None:
    async with account() as netsuite:
        body = order(line(colour="red"), memmo="lost")
        path = f"{RECORDS}/eid:web-1?replace=item"

        status, answer, _ = await netsuite.put("web-1", body)
        assert status == 400
        assert codes(answer) == [("INVALID_CONTENT", "item.items[0].colour"), ("INVALID_CONTENT", "memmo")]
        for headers in ({}, {"X-NetSuite-PropertyNameValidation": "Warning"}):
            assert (await netsuite.call("PUT", path, body, headers))[0] == 204
        shown = await netsuite.shown("web-1")
        assert "memmo" not in shown
        assert "colour" not in shown["item"]["items"][0]


WRONG = {
    "a number as text": (order(line(quantity="1")), "item.items[0].quantity"),  # type: ignore[arg-type]
    "a text as number": (order(memo=5), "memo"),
    "a reference as text": (order(entity="C-1004"), "entity"),
    "a list as object": (order() | {"item": {"items": {}}}, "item.items"),
    "no calendar day": (order(tranDate="2026-02-30"), "tranDate"),
    "a status that cannot be set": (order(orderStatus={"id": "G"}), "orderStatus.id"),
    "an external id with a slash": (order(line("A/B")), "item.items[0].item.externalId"),
    "a broken whole number": (order(line(line=1.5)), "item.items[0].line"),
    "a flag as text": (order(line(createWo="yes")), "item.items[0].createWo"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_value_of_the_wrong_kind_is_refused_with_its_place(kind: str) -> None:
    body, place = WRONG[kind]

    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            status, answer, _ = await netsuite.put("web-1", body)

            assert (status, codes(answer)) == (400, [("INVALID_CONTENT", place)])

    run()


@in_loop
async def test_what_is_null_is_as_good_as_absent() -> None:
    async with account() as netsuite:
        assert (await netsuite.put("web-1", order(memo=None)))[0] == 204
        assert "memo" not in await netsuite.shown("web-1")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"x"'])
def test_a_body_that_is_no_record_is_refused(content: bytes) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            url = f"{netsuite.url}{RECORDS}/eid:web-1"
            async with netsuite.session.put(url, data=content, headers=netsuite.headers) as response:
                assert response.status == 400

    run()


@in_loop
async def test_paths_that_lead_nowhere() -> None:
    async with account() as netsuite:
        for method, path, status, code in (
            ("GET", f"{RECORDS}/eid:web-1", 404, "NONEXISTENT_ID"),
            ("GET", f"{RECORDS}/999", 404, "NONEXISTENT_ID"),
            ("PATCH", f"{RECORDS}/999", 404, "NONEXISTENT_ID"),
            ("GET", f"{RECORDS}/eid:a%7Cb", 400, "INVALID_PARAMETER"),
            ("GET", f"{RECORDS}/web-1", 404, "INVALID_URL"),
            ("GET", "/services/rest/record/v1/unicorn", 404, "INVALID_URL"),
            ("GET", f"{RECORDS}?limit=all", 400, "INVALID_PARAMETER"),
            ("DELETE", f"{RECORDS}/999", 405, "METHOD_NOT_ALLOWED"),
        ):
            found, answer, _ = await netsuite.call(method, path, {} if method == "PATCH" else None)
            assert (found, codes(answer)[0][0]) == (status, code), path


@in_loop
async def test_a_list_has_pages_of_links() -> None:
    async with account() as netsuite:
        for number in range(3):
            await netsuite.put(f"web-{number}", order())

        _, first, _ = await netsuite.call("GET", f"{RECORDS}?limit=2")
        _, second, _ = await netsuite.call("GET", f"{RECORDS}?limit=2&offset=2")
        assert [(len(one["items"]), one["hasMore"], one["totalResults"]) for one in (first, second)] == [
            (2, True, 3),
            (1, False, 3),
        ]


def test_the_extract_has_structure_and_no_prose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "description": "prose",
        "properties": {"a": {"type": "array", "items": {"type": "string", "description": "prose"}}},
        "required": ["a"],
    }
    source = tmp_path / "schema.json"
    document = {
        "x-operations": [{"op": "upsert", "method": "PUT", "path": "/x", "body": "prose"}, {"op": "other"}],
        "$defs": dict.fromkeys(extract_contract.KEPT_SCHEMAS, schema),
    }
    source.write_text(json.dumps(document), encoding="utf-8")

    assert extract_contract.main([str(source)]) == 0

    extract = json.loads(capsys.readouterr().out)
    assert extract["operations"] == [{"method": "PUT", "path": "/x"}]
    assert "prose" not in json.dumps(extract)
    assert extract["schemas"]["salesOrder"]["properties"]["a"] == {"type": "array", "items": {"type": "string"}}
