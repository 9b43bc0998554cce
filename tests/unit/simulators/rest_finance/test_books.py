"""What is in the books, and what they refuse."""

import pytest

from simulators.core.clock import SystemClock
from simulators.rest_finance import Settings
from simulators.rest_finance.server import main
from simulators.rest_finance.settings import changed
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_finance.support import accounting


class Ahead(SystemClock):
    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


@in_loop
async def test_a_correction_is_a_further_entry_and_no_entry_changes() -> None:
    async with accounting() as books:
        made = [(await books.put(amount=amount))[0] for amount in ("10", "30.5", "30.50", "20")]

        assert made == [201, 200, 200, 200]
        assert await books.entries() == ["10", "20.5", "-10.5"]
        assert (await books.call("GET", "/v1/documents/r-1"))[1]["amount"] == "20"


@in_loop
async def test_effect_and_amount_stand_in_the_journal() -> None:
    async with accounting() as books:
        for amount in ("10", "10", "30"):
            await books.put(amount=amount)

        puts = [entry for entry in await books.journal() if entry["method"] == "PUT"]
        assert [(one["effect"], one["detail"]["made"], one["detail"]["amount"]) for one in puts] == [
            (True, True, "10"),
            (False, False, "10"),
            (True, False, "30"),
        ]


@in_loop
async def test_a_closed_month_takes_nothing_and_repeats_nothing() -> None:
    async with accounting() as books:
        await books.put()
        await books.set(closed_through="2026-03")

        assert (await books.put())[0] == 200
        for reference, changes in (("r-1", {"amount": "40"}), ("r-2", {"happened_at": "2026-03-31T23:59:59.9Z"})):
            status, body = await books.put(reference, **changes)
            assert (status, body["code"], body["fields"]) == (409, "period-closed", ["happened_at"])
        assert (await books.put("r-3", happened_at="2026-04-01T00:30:00+02:00"))[0] == 409
        assert (await books.put("r-4", happened_at="2026-04-01T00:00:00Z"))[0] == 201
        assert await books.entries() == ["30.5"]


@in_loop
async def test_a_locked_document_is_corrected_once_it_is_unlocked() -> None:
    async with accounting() as books:
        await books.put()
        assert (await books.post("/_sim/lock", {"reference": "r-1"}))[0] == 200

        status, body = await books.put(amount="40")
        assert (status, body["code"]) == (409, "document-locked")
        assert (await books.put())[1]["status"] == "LOCKED"

        await books.post("/_sim/lock", {"locked": False})
        assert (await books.put(amount="40"))[0] == 200
        assert (await books.post("/_sim/lock", {"reference": "nobody"}))[0] == 404
        assert (await books.post("/_sim/lock", {"reference": 7}))[0] == 400


@in_loop
async def test_a_reference_keeps_what_it_stands_for() -> None:
    async with accounting() as books:
        await books.put()

        status, body = await books.put(account="C-2", currency="USD", terms="NET10")

        assert (status, body["code"], body["fields"]) == (409, "different-content", ["account", "currency"])


@in_loop
async def test_a_read_shows_the_books_as_they_stood_a_lag_ago() -> None:
    clock = Ahead()
    async with accounting(Settings(read_lag_s=10), clock) as books:
        await books.put(amount="10")
        assert (await books.call("GET", "/v1/documents/r-1"))[0] == 404

        clock.ahead_s = 11
        await books.put(amount="30")
        assert (await books.call("GET", "/v1/documents/r-1"))[1]["amount"] == "10"

        clock.ahead_s = 22
        assert (await books.call("GET", "/v1/documents/r-1"))[1]["amount"] == "30"


@in_loop
async def test_a_token_ends_and_so_do_all_when_sessions_expire() -> None:
    clock = Ahead()
    async with accounting(Settings(token_life_s=60), clock) as books:
        assert (await books.call("GET", "/v1/health"))[0] == 200
        clock.ahead_s = 61
        assert (await books.call("GET", "/v1/health"))[0] == 401

        await books.sign_in()
        await books.fault(kind="expire-sessions", times=1)
        assert (await books.call("GET", "/v1/health"))[0] == 401
        assert "simulated-finance-secret" not in str(await books.journal())


@in_loop
async def test_state_shows_everything_but_the_secret_and_a_reset_empties_the_books() -> None:
    async with accounting() as books:
        await books.put()
        state = await books.get("/_sim/state")
        assert [one["number"] for one in state["documents"]] == ["INV-000001"]
        assert "client_secret" not in state["settings"]

        await books.post("/_sim/reset")
        assert (await books.get("/_sim/state"))["documents"] == []


@in_loop
async def test_what_no_route_or_reader_takes_is_refused_by_its_kind() -> None:
    async with accounting() as books:
        assert (await books.call("GET", "/v1/elsewhere"))[0] == 404
        assert (await books.call("DELETE", "/v1/documents/r-1"))[0] == 405
        assert (await books.call("GET", f"/v1/documents/{'x' * 129}"))[0] == 404
        async with books.session.put(f"{books.url}/v1/documents/r-1", data=b"x", headers=books.headers) as answer:
            assert answer.status == 415
        headers = books.headers | {"Content-Type": "application/json"}
        async with books.session.put(f"{books.url}/v1/documents/r-1", data=b"{", headers=headers) as answer:
            assert (answer.status, (await answer.json())["fields"]) == (400, [])
        async with books.session.post(f"{books.url}/v1/token", json={}) as answer:
            assert answer.status == 400


@pytest.mark.parametrize("change", [{"closed_through": "2026-13"}, {"read_lag_s": -1}, {"invented": 1}])
def test_a_wrong_setting_is_named(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        changed(Settings(), change)


def test_a_setting_that_is_wrong_ends_the_process_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--settings", '{"closed_through": "March"}']) == 2
    assert "closed_through" in capsys.readouterr().err
