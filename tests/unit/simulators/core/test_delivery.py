"""Every kind of fault, over real connections: what the client sees, what took effect, what the journal says."""

import asyncio

import aiohttp
import pytest

from simulators.core.server import ServerOptions, Simulator
from tests.unit.simulators.core.support import Client, Counter, counting, eventually, in_loop

CUT_OFF = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


async def _truth(client: Client) -> list[tuple[object, object, object]]:
    return [(entry["fault"], entry["effect"], entry["answered"]) for entry in await client.journal()]


@in_loop
async def test_status_answers_without_effect_and_with_the_stated_hint() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="status", status=429, retry_after="5", body={"message": "slow down"})
        async with client.session.post(f"{client.url}/count") as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "5"
            assert await response.json() == {"message": "slow down"}

        assert vendor.value == 0
        assert await _truth(client) == [("status", False, True)]


@in_loop
async def test_status_without_a_body_of_its_own_answers_what_the_vendor_would() -> None:
    async with counting() as (_, client):
        await client.fault(kind="status", status=503)

        assert await client.post() == (503, {"message": "usual 503"})


@in_loop
async def test_status_can_send_a_page_instead_of_json() -> None:
    async with counting() as (_, client):
        await client.fault(kind="status", status=200, body="<html>sign in</html>", content_type="text/html")
        async with client.session.post(f"{client.url}/count") as response:
            assert response.content_type == "text/html"
            assert await response.text() == "<html>sign in</html>"


@in_loop
async def test_latency_delays_and_then_does_everything_as_usual() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="latency", delay_s=0.05)

        assert await client.post() == (200, {"value": 1})
        assert vendor.value == 1
        entry = (await client.journal())[0]
        assert (entry["fault"], entry["answered"]) == ("latency", True)
        assert entry["ended_at"] - entry["at"] >= 0.05


@in_loop
async def test_hang_never_answers_and_has_no_effect() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="hang", delay_s=0.05)
        with pytest.raises(CUT_OFF):
            await client.post()

        assert vendor.value == 0
        entry = (await client.journal())[0]
        assert (entry["fault"], entry["effect"], entry["answered"], entry["status"]) == ("hang", False, False, None)
        assert entry["ended_at"] is not None


@in_loop
async def test_a_hang_is_journaled_when_it_begins() -> None:
    async with counting() as (_, client):
        await client.fault(kind="hang", delay_s=60)
        call = asyncio.create_task(client.post())

        async def is_written() -> bool:
            return [entry["ended_at"] for entry in await client.journal()] == [None]

        await eventually(is_written)
        assert (await client.get("/_sim/health"))["in_flight"] == 1
        call.cancel()


@in_loop
async def test_drop_answer_does_it_and_closes_the_connection() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="drop-answer", times=1)
        with pytest.raises(CUT_OFF):
            await client.post()

        assert vendor.value == 1
        assert await _truth(client) == [("drop-answer", True, False)]
        assert await client.post() == (200, {"value": 2})


@in_loop
async def test_half_body_does_it_and_sends_half_of_the_answer() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="half-body", times=1)
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.post()

        assert vendor.value == 1
        assert await _truth(client) == [("half-body", True, False)]


@pytest.mark.parametrize("kind", ["reset", "outage"])
@in_loop
async def test_reset_and_outage_close_at_once_without_effect(kind: str) -> None:
    async with counting() as (vendor, client):
        await client.fault(kind=kind, times=1)
        with pytest.raises(CUT_OFF):
            await client.post()

        assert vendor.value == 0
        assert await _truth(client) == [(kind, False, False)]


@pytest.mark.parametrize("hang", [False, True])
@in_loop
async def test_a_late_effect_happens_after_newer_requests_and_is_journaled_then(hang: bool) -> None:  # noqa: FBT001
    async with counting() as (vendor, client):
        await client.fault(kind="late-effect", delay_s=0.4, times=1, hang=hang)
        late = asyncio.create_task(client.post())

        async def has_arrived() -> bool:
            return len(await client.journal()) == 1

        await eventually(has_arrived)
        assert await client.post() == (200, {"value": 1})

        async def has_happened() -> bool:
            return len(await client.journal()) == 3

        await eventually(has_happened)
        with pytest.raises(CUT_OFF):
            await late

        first, newer, effect = await client.journal()
        assert (first["kind"], first["effect"], first["answered"]) == ("request", False, False)
        assert newer["detail"] == {"value": 1}
        assert (effect["kind"], effect["effect"], effect["detail"]) == ("late-effect", True, {"of": 1, "value": 2})
        assert vendor.value == 2


@in_loop
async def test_a_late_effect_is_refused_at_once_where_the_credential_is_wrong() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="late-effect", delay_s=0)
        async with client.session.post(f"{client.url}/count", headers={"Authorization": "closed"}) as response:
            assert response.status == 401

        assert vendor.value == 0


@in_loop
async def test_a_reset_forgets_late_effects_and_empties_state_and_journal() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="late-effect", delay_s=0.05, times=1)
        with pytest.raises(CUT_OFF):
            await client.post()
        await client.post("/_sim/reset")
        assert await client.post() == (200, {"value": 1})

        assert [entry["kind"] for entry in await client.journal()] == ["request"]
        assert vendor.value == 1


@in_loop
async def test_expire_sessions_and_refuse_credential_ask_the_vendor() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="expire-sessions")
        await client.post()
        await client.fault(kind="refuse-credential")

        assert vendor.sessions == 0
        assert await client.post() == (401, {"refused": "/count"})
        assert vendor.value == 1


@in_loop
async def test_a_vendors_own_kind_reaches_its_rules() -> None:
    async with counting() as (_, client):
        await client.fault(kind="double", by=5, times=1)

        assert await client.post() == (200, {"value": 5})
        assert await client.post() == (200, {"value": 6})


@in_loop
async def test_a_client_that_went_away_is_seen_in_the_journal() -> None:
    async with counting() as (vendor, client):
        await client.fault(kind="latency", delay_s=0.2)
        call = asyncio.create_task(client.post())

        async def is_held() -> bool:
            return bool((await client.get("/_sim/health"))["in_flight"])

        await eventually(is_held)
        call.cancel()

        async def is_done() -> bool:
            return len(await client.journal()) == 1

        await eventually(is_done)
        assert vendor.value == 1
        assert await _truth(client) == [("latency", True, False)]


@in_loop
async def test_state_can_be_read_replaced_and_refused() -> None:
    async with counting() as (vendor, client):
        async with client.session.put(f"{client.url}/_sim/state", data=b"41") as response:
            assert response.status == 200
        async with client.session.put(f"{client.url}/_sim/state", data=b'"many"') as response:
            assert response.status == 400

        assert await client.get("/_sim/state") == {"value": 41}
        assert vendor.value == 41


@in_loop
async def test_rules_can_be_listed_and_removed_over_http() -> None:
    async with counting() as (_, client):
        first = await client.fault(kind="status", rate=0.5)
        await client.fault(kind="reset")
        async with client.session.delete(f"{client.url}/_sim/faults/{first}") as response:
            assert response.status == 200
        async with client.session.delete(f"{client.url}/_sim/faults/{first}") as response:
            assert response.status == 404
        assert [rule["kind"] for rule in (await client.get("/_sim/faults"))["items"]] == ["reset"]
        async with client.session.delete(f"{client.url}/_sim/faults") as response:
            assert response.status == 200

        assert (await client.get("/_sim/faults"))["items"] == []
        assert await client.post("/_sim/faults", {"kind": "meteor"}) == (400, {"message": _KINDS})


_KINDS = (
    "kind must be one of double, drop-answer, expire-sessions, half-body, hang, late-effect, latency, outage, "
    "refuse-credential, reset, status; got 'meteor'"
)


@in_loop
async def test_stopping_ends_hangs_at_once_and_frees_the_port() -> None:
    simulator = Simulator(Counter())
    await simulator.start()
    port = int(simulator.url.rpartition(":")[2])
    async with aiohttp.ClientSession() as session:
        client = Client(simulator.url, session)
        await client.fault(kind="hang", delay_s=3600)
        call = asyncio.create_task(client.post())

        async def is_held() -> bool:
            return bool((await client.get("/_sim/health"))["in_flight"])

        await eventually(is_held)
        await simulator.stop()
        with pytest.raises(CUT_OFF):
            await call

    async with Simulator(Counter(), ServerOptions(port=port)) as again:
        assert again.url == simulator.url


@in_loop
async def test_a_port_that_is_taken_is_an_error() -> None:
    async with Simulator(Counter()) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError):  # noqa: PT011 - the text is the system's
            await Simulator(Counter(), ServerOptions(port=port)).start()
