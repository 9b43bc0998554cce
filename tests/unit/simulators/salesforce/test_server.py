"""The control routes, the contract that is kept, and the simulator as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from simulators.salesforce import extract_contract
from simulators.salesforce.server import main
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.salesforce.support import code_of, org

COMMAND = [sys.executable, "-m", "simulators.salesforce"]
NOTES: dict[str, Any] = {
    "$defs": {
        name: {"properties": {"Name": {"type": "string", "maxLength": 9, "description": "prose"}}, "required": []}
        for name in extract_contract.OBJECTS
    }
}


@in_loop
async def test_a_reset_returns_to_the_seed_and_forgets_sessions() -> None:
    async with org() as client:
        await client.order()
        await client.post("/_sim/reset")

        assert (await client.query("SELECT Id FROM Order"))[0] == 401
        state = await client.get("/_sim/state")
        assert (state["Order"], len(state["Product2"])) == ([], 6)


@in_loop
async def test_products_and_price_book_can_be_replaced() -> None:
    async with org() as client:
        status = await client.replace_state(
            products=["A", {"code": "B", "price": 7.25, "active": False}], price_book_id="01s000000000000007"
        )

        assert status == 200
        entries = (await client.get("/_sim/state"))["PricebookEntry"]
        assert [(one["UnitPrice"], one["IsActive"], one["Pricebook2Id"][-1]) for one in entries] == [
            (10, True, "7"),
            (7.25, False, "7"),
        ]


@pytest.mark.parametrize("parts", [{"settings": {"colour": "red"}}, {"invented": 1}, {"products": 7}])
@in_loop
async def test_a_wrong_state_is_refused(parts: dict[str, object]) -> None:
    async with org() as client:
        assert await client.replace_state(**parts) == 400


@pytest.mark.parametrize(
    "record",
    [
        {"object": "Asset", "fields": {}},
        {"object": "Account", "fields": {"Colour": 1}},
        {"object": "Account", "fields": 1},
    ],
)
@in_loop
async def test_a_record_by_hand_needs_an_object_and_its_fields(record: dict[str, object]) -> None:
    async with org() as client:
        assert (await client.post("/_sim/records", record))[0] == 400


@in_loop
async def test_no_secret_reaches_state_or_journal() -> None:
    async with org() as client:
        await client.token(grant_type="client_credentials", client_id="x", client_secret="hidden")

        assert "hidden" not in str(await client.journal())
        assert "simulated-consumer-secret" not in str(await client.get("/_sim/state"))


@in_loop
async def test_faults_answer_in_the_form_of_the_org_or_its_gateway() -> None:
    async with org() as client:
        for status, code in ((500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE"), (418, "SIMULATED_418")):
            await client.fault(kind="status", status=status, times=1)
            assert code_of(await client.query("SELECT Id FROM Account")) == (status, code)
        await client.fault(kind="status", status=502, times=1)
        async with client.session.get(f"{client.url}/services/data/v62.0/query", headers=client.headers) as response:
            assert (response.status, response.content_type) == (502, "text/html")


@in_loop
async def test_an_effect_that_comes_late_needs_its_session_on_arrival() -> None:
    async with org() as client:
        await client.fault(kind="late-effect", delay_s=0, methods=["PATCH"], times=1)
        client.headers = {}

        assert (await client.upsert("Account", "a-1", Name="A"))[0] == 401


def test_the_extract_keeps_structure_and_drops_prose() -> None:
    made = extract_contract.extract(NOTES)

    assert "description" not in str(made["components"])
    assert made["components"]["schemas"]["Account"]["properties"]["Name"] == {"type": "string", "maxLength": 9}
    kept = json.loads((files("simulators.salesforce") / "contract.json").read_text(encoding="utf-8"))
    assert made["paths"] == kept["paths"]


def test_an_extract_of_the_wrong_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "notes.json"
    empty.write_text('{"$defs": {}}', encoding="utf-8")

    assert extract_contract.main([str(empty)]) == 2
    assert extract_contract.main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_it_announces_its_address_serves_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    arguments = ["--journal", str(journal), "--settings", '{"daily_calls": 5}']
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            with urllib.request.urlopen(f"{ready['url']}/_sim/state", timeout=20) as response:
                assert json.load(response)["settings"]["daily_calls"] == 5
            assert ready["pid"] == process.pid
        finally:
            process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["kind"] == "start"


@pytest.mark.parametrize("settings", ['{"colour": "red"}', "{", '{"daily_calls": 0}'])
def test_a_wrong_setting_ends_it_with_2_and_a_reason(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--settings", settings]) == 2
    assert "salesforce simulator on port 0" in capsys.readouterr().err
