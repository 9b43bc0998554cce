"""Adobe's keys: from one host, by paths of one form, bounded in time, size and number."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from connectors.core.errors import TargetUnavailableError
from streams.sources.adobe_keys import (
    FRESH_S,
    KEPT_S,
    MISSING_S,
    STRANGERS,
    STRANGERS_S,
    AdobeKeys,
    KeyHost,
    KeysAwayError,
)
from tests.fakes.still_clock import StillClock
from tests.unit.streams.sources.adobe import FIRST, GONE, SECOND, KeyServer, key_server, pem, private

pytestmark = pytest.mark.anyio


@pytest.fixture
async def host() -> AsyncIterator[KeyServer]:
    async with key_server() as found:
        yield found


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def keys(host: KeyServer, clock: StillClock) -> AsyncIterator[AdobeKeys]:
    fetcher = KeyHost(host.url, clock)
    yield AdobeKeys(fetcher.fetch, clock)
    host.gate.set()
    await fetcher.close()


def stranger(number: int) -> str:
    return f"/prod/keys/pub-key-stranger-{number}.pem"


async def test_a_key_is_fetched_once_and_kept_for_hours(keys: AdobeKeys, host: KeyServer, clock: StillClock) -> None:
    first = await keys.key(FIRST)
    clock.after(FRESH_S - 1)
    again = await keys.key(FIRST)

    assert first is again
    assert first is not None
    assert first.public_numbers() == private("first").public_key().public_numbers()
    assert host.asked == [FIRST]


async def test_after_hours_it_is_fetched_anew(keys: AdobeKeys, host: KeyServer, clock: StillClock) -> None:
    await keys.key(FIRST)
    host.files[FIRST] = pem("second")
    clock.after(FRESH_S)

    found = await keys.key(FIRST)

    assert found is not None
    assert found.public_numbers() == private("second").public_key().public_numbers()


async def test_while_the_host_is_away_a_kept_key_serves_for_a_day_and_no_longer(
    keys: AdobeKeys, host: KeyServer, clock: StillClock
) -> None:
    await keys.key(FIRST)
    host.status = 503
    clock.after(KEPT_S - 1)

    assert await keys.key(FIRST) is not None
    assert await keys.key(FIRST) is not None
    assert len(host.asked) == 2  # not for every delivery
    clock.after(MISSING_S)
    with pytest.raises(KeysAwayError):
        await keys.key(FIRST)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/prod/keys/pub-key-.pem",
        "/prod/keys/../keys/pub-key-a.pem",
        "/prod/keys/pub-key-../a.pem",
        "/prod/keys/pub-key-a.pem/../../x",
        "/prod/keys/pub-key-%2e%2e.pem",
        "/prod/keys/pub-key-a.pem?x=1",
        "/prod/keys/pub-key-a.pem#x",
        "/prod/keys/pub-key-a.pem\n",
        "/prod/keys/pub-key-" + "a" * 65 + ".pem",
        "/stage/keys/pub-key-a.pem",
        "//evil.example.com/prod/keys/pub-key-a.pem",
        "https://evil.example.com/prod/keys/pub-key-a.pem",
        "@evil.example.com/prod/keys/pub-key-a.pem",
        ".evil.example.com/prod/keys/pub-key-a.pem",
    ],
)
async def test_a_path_of_another_form_is_never_asked_for(keys: AdobeKeys, host: KeyServer, path: str) -> None:
    assert await keys.key(path) is None
    assert host.asked == []


async def test_a_redirect_is_not_followed(keys: AdobeKeys, host: KeyServer) -> None:
    async with key_server() as elsewhere:
        host.answers[FIRST] = web.Response(status=302, headers={"Location": f"{elsewhere.url}{FIRST}"})

        with pytest.raises(KeysAwayError):
            await keys.key(FIRST)

        assert elsewhere.asked == []


async def test_a_file_that_is_too_large_is_not_read_to_its_end(keys: AdobeKeys, host: KeyServer) -> None:
    host.files[FIRST] = pem("first") + " " * 20_000

    with pytest.raises(KeysAwayError, match="longer than 16384 bytes"):
        await keys.key(FIRST)


async def test_a_host_that_does_not_answer_is_not_waited_for(clock: StillClock) -> None:
    async def nobody(_path: str) -> bytes:
        raise TargetUnavailableError("no complete answer after 3 s")

    with pytest.raises(KeysAwayError, match="TargetUnavailableError: no complete answer after 3 s"):
        await AdobeKeys(nobody, clock).key(FIRST)


@pytest.mark.parametrize("content", ["", "<html>no key</html>", pem("weak", 1024)])
async def test_what_is_no_sound_key_is_not_used_and_may_pass(keys: AdobeKeys, host: KeyServer, content: str) -> None:
    host.files[FIRST] = content
    with pytest.raises(KeysAwayError, match="must be an RSA"):
        await keys.key(FIRST)
    host.files[FIRST] = pem("first")

    assert await keys.key(FIRST) is not None


async def test_that_there_is_no_such_key_is_known_for_a_minute(
    keys: AdobeKeys, host: KeyServer, clock: StillClock
) -> None:
    assert [await keys.key(GONE), await keys.key(GONE)] == [None, None]
    assert host.asked == [GONE]
    host.files[GONE] = pem("first")
    clock.after(MISSING_S)

    assert await keys.key(GONE) is not None


async def test_many_deliveries_at_once_fetch_a_key_once(keys: AdobeKeys, host: KeyServer) -> None:
    host.gate.clear()
    asking = [asyncio.create_task(keys.key(FIRST)) for _ in range(50)]
    await host.arrived.wait()
    asking[0].cancel()
    host.gate.set()

    found = await asyncio.gather(*asking[1:])

    assert None not in found
    assert host.asked == [FIRST]


async def test_paths_of_strangers_are_fetched_so_often_and_a_proven_key_is_renewed_nevertheless(
    keys: AdobeKeys, host: KeyServer, clock: StillClock
) -> None:
    await keys.key(FIRST)
    keys.proved(FIRST)
    clock.after(FRESH_S)
    for number in range(STRANGERS):
        await keys.key(stranger(number))
    asked = len(host.asked)

    with pytest.raises(KeysAwayError, match="too many unknown keys"):
        await keys.key(SECOND)
    assert len(host.asked) == asked
    assert await keys.key(FIRST) is not None
    assert host.asked[-1] == FIRST
    clock.after(STRANGERS_S)
    assert await keys.key(SECOND) is not None


async def test_strangers_never_push_out_a_proven_key(keys: AdobeKeys, host: KeyServer, clock: StillClock) -> None:
    await keys.key(FIRST)
    keys.proved(FIRST)
    for number in range(100):
        clock.after(STRANGERS_S)
        await keys.key(stranger(number))

    await keys.key(FIRST)

    assert host.asked.count(FIRST) == 1
