"""A credential that is replaced while the process runs."""

import httpx
import pytest
from pydantic import SecretStr

from connectors.core.auth import Auth
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError, UnauthorizedError
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.core.standing import BearerSettings, standing_auth
from tests.fakes.clock import FakeClock
from tests.unit.connectors.core.senders import BASE, Surroundings, reading, sender, write

pytestmark = pytest.mark.anyio


class Settings(ConnectorSettings):
    auth: BearerSettings


def settings(token: str) -> Settings:
    return Settings(base_url=BASE, auth=BearerSettings(kind="bearer", token=SecretStr(token)))


def made(found: Settings, _dependencies: Dependencies) -> Auth:
    if found.auth.token.get_secret_value() == "unfit":
        raise ConfigurationError("this is no token")
    return standing_auth(found.auth)


class Target:
    """Takes one token; `at_refusal` is what happens in the moment of a refusal."""

    def __init__(self) -> None:
        self.now: ConnectorSettings = settings("one")
        self.good = "one"
        self.heard: list[str] = []
        self.then: Settings | None = None
        self.auth = renewed_auth(settings("one"), Dependencies(clock=FakeClock(), renewed=lambda: self.now), made)

    def answer(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.heard.append(token)
        if token == self.good:
            return httpx.Response(200, json={})
        self.now = self.then or self.now
        return httpx.Response(401, json={"message": f"not {token}, it was one"})

    async def call(self) -> None:
        async with sender(Surroundings(), auth=self.auth, transport=httpx.MockTransport(self.answer)) as open_sender:
            call = write()
            await open_sender.send(call, reading(call))


async def test_the_next_call_signs_in_with_the_new_one() -> None:
    target = Target()
    await target.call()

    target.now, target.good = settings("two"), "two"
    await target.call()
    await target.call()

    assert target.heard == ["one", "two", "two"]


async def test_one_that_is_replaced_while_the_old_one_is_refused_is_tried_in_the_same_call() -> None:
    target = Target()
    target.good, target.then = "two", settings("two")

    await target.call()

    assert target.heard == ["one", "two"]


async def test_a_refused_one_is_offered_twice_and_neither_it_nor_the_one_before_is_repeated_in_the_message() -> None:
    target = Target()
    target.now, target.good = settings("two-canary"), "three"

    with pytest.raises(UnauthorizedError) as refused:
        await target.call()

    assert target.heard == ["two-canary"] * 2
    assert "canary" not in str(refused.value)
    assert "it was one" not in str(refused.value)


async def test_one_that_cannot_be_used_fails_calls_until_it_is_replaced() -> None:
    target = Target()
    target.now = settings("unfit")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no token"):
            await target.call()

    target.now = settings("one")
    await target.call()

    assert target.heard == ["one"]


async def test_settings_of_another_connector_change_nothing() -> None:
    target = Target()
    target.now = ConnectorSettings(base_url=BASE)

    await target.call()

    assert target.heard == ["one"]


async def test_all_of_them_are_released_at_the_end() -> None:
    released: list[str] = []

    class Noted:
        def __init__(self, name: str) -> None:
            self._of = standing_auth(settings(name).auth)
            self.flow, self.secrets, self._name = self._of.flow, self._of.secrets, name

        async def close(self) -> None:
            released.append(self._name)

    now = [settings("one")]
    dependencies = Dependencies(clock=FakeClock(), renewed=lambda: now[0])
    auth = renewed_auth(settings("one"), dependencies, lambda found, _: Noted(found.auth.token.get_secret_value()))
    now[0] = settings("two")
    async for headers in auth.flow("GET", BASE):
        assert headers == {"Authorization": "Bearer two"}
    await auth.close()

    assert released == ["one", "two"]
    assert {"one", "two"} <= set(auth.secrets())
