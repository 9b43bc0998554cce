"""The warehouse keeps the rules of the contract."""

import pytest

from simulators.rest_wms import Settings
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_wms.support import LINE, TASK, warehouse


@in_loop
async def test_a_put_makes_a_task_once_and_confirms_it_afterwards() -> None:
    async with warehouse() as wms:
        made = await wms.put()
        same = await wms.put()

        assert (made[0], same[0]) == (201, 200)
        assert made[1] == same[1] == {"task_id": "t-1", "order_id": "web-1", "number": "T0000001", "status": "RELEASED"}
        assert [entry["effect"] for entry in await wms.journal()] == [True, False]


@in_loop
async def test_the_order_of_members_is_not_content_but_any_value_is() -> None:
    async with warehouse() as wms:
        await wms.put()

        assert (await wms.call("PUT", "/v1/tasks/t-1", dict(reversed(TASK.items()))))[0] == 200
        for change in ({"order_id": "web-2"}, {"lines": [LINE | {"quantity": "3"}]}, {"instructions": ""}):
            status, body = await wms.put(**change)
            assert (status, body["code"]) == (409, "different-content")


@in_loop
async def test_a_cancelled_task_is_put_again_and_stays_cancelled() -> None:
    async with warehouse() as wms:
        await wms.put()
        for _ in range(2):
            status, body = await wms.call("POST", "/v1/tasks/t-1/cancel")
            assert (status, body["status"]) == (200, "CANCELLED")

        assert (await wms.put())[1]["status"] == "CANCELLED"
        assert [entry["effect"] for entry in await wms.journal()] == [True, True, False, False]


@pytest.mark.parametrize(
    ("last", "status", "answer"),
    [
        ("ALLOCATED", "ALLOCATED", 200),
        ("ALLOCATED", "PICKING", 409),
        ("ALLOCATED", "ON_HOLD", 200),
        ("ALLOCATED", "SHIPPED", 409),
        ("PICKED", "PICKED", 200),
        ("PICKED", "PACKED", 409),
    ],
)
@in_loop
async def test_a_setting_says_how_far_is_too_far(last: str, status: str, answer: int) -> None:
    async with warehouse() as wms:
        async with wms.session.put(f"{wms.url}/_sim/state", json={"settings": {"last_cancellable": last}}) as changed:
            assert changed.status == 200
        await wms.put()
        await wms.advance(task_id="t-1", to=status)

        refused = await wms.call("POST", "/v1/tasks/t-1/cancel")

        assert refused[0] == answer
        assert answer == 200 or refused[1]["code"] == "too-far"


@in_loop
async def test_tasks_advance_by_one_step_each_one_alone_or_to_a_status() -> None:
    async with warehouse() as wms:
        await wms.put("t-1")
        await wms.put("t-2")

        assert await wms.advance() == {"t-1": "ALLOCATED", "t-2": "ALLOCATED"}
        assert await wms.advance(task_id="t-2") == {"t-2": "PICKING"}
        assert await wms.advance(to="DELIVERED") == {"t-1": "DELIVERED", "t-2": "DELIVERED"}
        assert await wms.advance() == {}
        assert await wms.advance(task_id="t-1", to="ON_HOLD") == {"t-1": "ON_HOLD"}
        assert await wms.advance(task_id="t-1") == {"t-1": "RELEASED"}
        assert (await wms.call("GET", "/v1/tasks/t-1"))[1]["status"] == "RELEASED"
        state = await wms.get("/_sim/state")
        assert [status for _, status in state["tasks"][0]["history"]] == [
            "RELEASED",
            "ALLOCATED",
            "DELIVERED",
            "ON_HOLD",
            "RELEASED",
        ]
        assert [entry["kind"] for entry in await wms.journal()].count("advance") == 6


@in_loop
async def test_an_advance_that_makes_no_sense_is_refused() -> None:
    async with warehouse() as wms:
        await wms.put()

        assert (await wms.post("/_sim/advance", {"to": "LOST"}))[0] == 400
        assert (await wms.post("/_sim/advance", {"whither": "PICKED"}))[0] == 400
        assert (await wms.post("/_sim/advance", {"task_id": "nobody"}))[0] == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer wrong", "Basic wrong", "Basic d3Jvbmc6d3Jvbmc=", "Basic /w==", "Digest x"]
)
@in_loop
async def test_every_route_wants_a_known_credential(header: str) -> None:
    async with warehouse() as wms:
        await wms.put()
        wms.headers = {"Authorization": header}

        for method, path in (
            ("PUT", "/v1/tasks/t-1"),
            ("GET", "/v1/tasks/t-1"),
            ("POST", "/v1/tasks/t-1/cancel"),
            ("GET", "/v1/health"),
        ):
            assert (await wms.call(method, path, TASK if method == "PUT" else None))[0] == 401


@in_loop
async def test_user_and_password_open_it_too_unless_switched_off() -> None:
    async with warehouse(Settings(auth_kinds=("basic",))) as wms:
        assert (await wms.call("GET", "/v1/health"))[0] == 401
        wms.headers = {"Authorization": "Basic aW50ZWdyYXRpb246c2ltdWxhdGVkLXBhc3N3b3JkLTE="}
        assert await wms.call("GET", "/v1/health") == (200, {"status": "ok"})


@in_loop
async def test_a_reader_may_not_write() -> None:
    async with warehouse(Settings(read_only=True)) as wms:
        assert (await wms.put())[0] == 403
        assert (await wms.call("GET", "/v1/tasks/t-1"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/tasks/t-1", 404),
        ("POST", "/v1/tasks/t-1/cancel", 404),
        ("GET", "/v1/tasks", 404),
        ("GET", "/v1/tasks/", 404),
        ("GET", f"/v1/tasks/{'x' * 129}", 404),
        ("GET", "/v2/tasks/t-1", 404),
        ("DELETE", "/v1/tasks/t-1", 405),
        ("POST", "/v1/health", 405),
    ],
)
@in_loop
async def test_unknown_tasks_routes_and_methods_are_told_apart(method: str, path: str, status: int) -> None:
    async with warehouse() as wms:
        answered, body = await wms.call(method, path)

        assert answered == status
        assert (body["code"] == "no-such-task") is ("t-1" in path and status == 404 and "v1" in path)


@in_loop
async def test_unknown_warehouses_and_skus_are_422_with_their_places() -> None:
    async with warehouse(Settings(source_codes=("wh-east",), skus=("PUMP-200",))) as wms:
        assert (await wms.put())[0] == 201
        assert (await wms.put("t-2", source_code="moon"))[1]["fields"] == ["source_code"]
        lines = [LINE, LINE | {"sku": "X"}, LINE | {"sku": "Y"}]
        status, body = await wms.put("t-2", lines=lines)
        assert (status, body["fields"]) == (422, ["lines[1].sku", "lines[2].sku"])


@in_loop
async def test_a_body_that_is_not_json_is_refused() -> None:
    async with warehouse() as wms:
        assert (await wms.raw(b"{"))[0] == 400
        assert (await wms.raw(b"\xff\xfe"))[0] == 400
        assert (await wms.raw(b"{}", content_type="text/plain"))[0] == 415


@in_loop
async def test_a_reset_forgets_tasks_and_a_credential_that_was_there_still_opens() -> None:
    async with warehouse() as wms:
        await wms.put()
        await wms.post("/_sim/reset")
        await wms.fault(kind="expire-sessions")

        assert (await wms.call("GET", "/v1/tasks/t-1"))[0] == 404


@in_loop
async def test_faults_answer_in_the_form_of_the_warehouse_or_its_gateway() -> None:
    async with warehouse() as wms:
        await wms.fault(kind="status", status=503, times=1, retry_after="7")
        assert await wms.call("GET", "/v1/health") == (
            503,
            {"code": "simulated-503", "message": "Simulated refusal: simulated-503", "fields": []},
        )
        await wms.fault(kind="status", status=502, times=1)
        async with wms.session.get(f"{wms.url}/v1/health", headers=wms.headers) as response:
            assert (response.status, response.content_type) == (502, "text/html")
        await wms.fault(kind="refuse-credential", times=1)
        assert (await wms.call("GET", "/v1/health"))[0] == 401


@in_loop
async def test_an_effect_that_comes_late_needs_its_credential_on_arrival() -> None:
    async with warehouse() as wms:
        await wms.fault(kind="late-effect", delay_s=0, times=1)
        wms.headers = {}

        assert (await wms.put())[0] == 401


@pytest.mark.parametrize("change", [{"settings": {"colour": "red"}}, {"settings": 7}, {"invented": 1}])
@in_loop
async def test_a_wrong_state_is_refused(change: object) -> None:
    async with warehouse() as wms, wms.session.put(f"{wms.url}/_sim/state", json=change) as response:
        assert response.status == 400


@in_loop
async def test_the_state_shows_content_and_no_secret() -> None:
    async with warehouse() as wms:
        await wms.put()
        state = await wms.get("/_sim/state")

        assert state["tasks"][0]["content"] == TASK
        assert "simulated-" not in str(state)
