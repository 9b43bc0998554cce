"""The sender's promises, with the network replaced by a function."""

import inspect
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import httpx
import pytest

from connectors.core import failures
from connectors.core.calls import Call, Method
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from connectors.core.paths import Path
from tests.unit.connectors.core.senders import BASE, Surroundings, body, look, reading, sender, write

pytestmark = pytest.mark.anyio

Handler = Callable[[httpx.Request], httpx.Response]


def _every_class() -> list[type[Exception]]:
    classes = [value for value in vars(httpx).values() if inspect.isclass(value) and issubclass(value, Exception)]
    assert len(classes) > 25
    return classes


def _made(kind: type[Exception]) -> Exception:
    request = httpx.Request("POST", BASE)
    if kind is httpx.HTTPStatusError:
        return httpx.HTTPStatusError("refused", request=request, response=httpx.Response(500))
    try:
        return kind("refused")
    except TypeError:
        return kind()


NOTHING_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
OUR_MISTAKE = {
    "InvalidURL": ConfigurationError,
    "UnsupportedProtocol": ConfigurationError,
    "LocalProtocolError": RejectedPayloadError,
}


@pytest.mark.parametrize("kind", _every_class(), ids=lambda kind: kind.__name__)
async def test_every_httpx_exception_becomes_a_class_of_the_tree(kind: type[Exception]) -> None:
    def breaks(_: httpx.Request) -> httpx.Response:
        raise _made(kind)

    lost = OUR_MISTAKE.get(kind.__name__, UnknownOutcomeError)
    expected_of_write = TargetUnavailableError if kind.__name__ in NOTHING_LEFT else lost
    expected_of_read = OUR_MISTAKE.get(kind.__name__, TargetUnavailableError)
    async with sender(Surroundings(), transport=httpx.MockTransport(breaks)) as send:
        with pytest.raises(ConnectorError) as told_of_write:
            await send.send(write(), body)
        with pytest.raises(ConnectorError) as told_of_read:
            await send.send(look(), body)

    assert issubclass(kind, failures.HTTPX_ERRORS)
    assert type(told_of_write.value) is expected_of_write
    assert type(told_of_read.value) is expected_of_read


@pytest.mark.parametrize("status", [502, 503, 504, 520, 524])
@pytest.mark.parametrize(("seconds", "expected"), [(4.9, TargetUnavailableError), (5.1, UnknownOutcomeError)])
async def test_a_gateway_that_answers_a_write_late_may_have_passed_it_on(
    status: int, seconds: float, expected: type[ConnectorError]
) -> None:
    around = Surroundings()

    def slow(_: httpx.Request) -> httpx.Response:
        around.clock.advance(timedelta(seconds=seconds))
        return httpx.Response(status, headers={"Retry-After": "7"})

    async with sender(around, transport=httpx.MockTransport(slow)) as send:
        with pytest.raises(expected) as told:
            await send.send(write(), reading(write()))
        with pytest.raises(TargetUnavailableError):
            await send.send(look(), reading(look()))

    if isinstance(told.value, TargetUnavailableError):
        assert told.value.retry_after == timedelta(seconds=7)
    assert told.value.status == status


@pytest.mark.parametrize("status", range(300, 600))
async def test_every_refusal_lands_in_the_tree(status: int) -> None:
    async with sender(Surroundings(), transport=httpx.MockTransport(lambda _: httpx.Response(status))) as send:
        with pytest.raises(ConnectorError) as of_write:
            await send.send(write(), reading(write()))
        with pytest.raises(ConnectorError) as of_read:
            await send.send(look(), reading(look()))

    assert not isinstance(of_read.value, UnknownOutcomeError)
    assert of_write.value.status == of_read.value.status == status


async def test_an_observer_sees_each_exchange_without_code_or_payload() -> None:
    around = Surroundings()

    def answers(_: httpx.Request) -> httpx.Response:
        around.clock.advance(timedelta(seconds=2))
        return httpx.Response(200, content=b"[1,2]")

    async with sender(around, transport=httpx.MockTransport(answers)) as send:
        await send.send(write("SKU-SECRET", b'{"sku":"SKU-SECRET"}'), body)

    (details,) = around.seen
    assert "SKU-SECRET" not in repr(details)
    assert (details.target, details.operation, details.method) == ("target", "save", "POST")
    assert (details.template, details.status, details.error, details.attempt) == ("things/{sku}", 200, None, 1)
    assert (details.started, details.duration) == (1000.0, timedelta(seconds=2))
    assert (details.bytes_sent, details.bytes_received) == (20, 5)


async def test_an_observer_is_told_the_class_that_the_caller_gets() -> None:
    around = Surroundings()
    transport = httpx.MockTransport(lambda _: httpx.Response(429, headers={"Retry-After": "3"}))

    async with sender(around, transport=transport) as send:
        with pytest.raises(RateLimitedError) as told:
            await send.send(write(), reading(write()))

    assert told.value.retry_after == timedelta(seconds=3)
    assert [(details.status, details.error) for details in around.seen] == [(429, "RateLimitedError")]


async def test_a_bug_in_reading_is_seen_and_not_disguised() -> None:
    around = Surroundings()

    def bug(_: object) -> bytes:
        raise KeyError("field")

    async with sender(around, transport=httpx.MockTransport(lambda _: httpx.Response(200))) as send:
        with pytest.raises(KeyError):
            await send.send(look(), bug)

    assert [details.error for details in around.seen] == ["KeyError"]


OUTSIDE = [
    "http://target.example/next",
    "https://target.example:8443/next",
    "https://evil.example/next",
    "https://target.example.evil.example/next",
    "https://user@target.example/next",
    "//target.example/next",
    "/next",
    "ftp://target.example/next",
    "https://169.254.169.254/latest/meta-data",
    "https://tar\nget.example/next",
    "",
]


@pytest.mark.parametrize("link", [link for link in OUTSIDE if link])
async def test_a_link_to_another_origin_is_refused_before_anything_leaves(link: str) -> None:
    called: list[httpx.URL] = []

    def answers(request: httpx.Request) -> httpx.Response:
        called.append(request.url)
        return httpx.Response(200)

    async with sender(Surroundings(), transport=httpx.MockTransport(answers)) as send:
        with pytest.raises(ConfigurationError):
            await send.send(look(), body, link=link)

    assert called == []


@pytest.mark.parametrize("link", ["https://target.example/next?page=2", "https://TARGET.example:443/next?page=2"])
async def test_a_link_within_the_origin_is_followed_as_it_is(link: str) -> None:
    called: list[str] = []

    def answers(request: httpx.Request) -> httpx.Response:
        called.append(request.url.raw_path.decode())
        return httpx.Response(200)

    async with sender(Surroundings(), transport=httpx.MockTransport(answers)) as send:
        await send.send(look(), body, link=link)

    assert called == ["/next?page=2"]


async def test_a_path_cannot_leave_the_origin() -> None:
    called: list[str] = []

    def answers(request: httpx.Request) -> httpx.Response:
        called.append(request.url.host)
        return httpx.Response(200)

    async with sender(Surroundings(), transport=httpx.MockTransport(answers)) as send:
        for encoded in ("//evil.example/x", "http://evil.example/x", "@evil.example"):
            call = Call(operation="look", method="GET", path=Path("x", encoded), effect=False)
            await send.send(call, body)

    assert set(called) == {"target.example"}


class TwoTries:
    """A sign-in whose second try carries another credential."""

    def __init__(self, *credentials: str, failure: ConnectorError | None = None) -> None:
        self._credentials = credentials
        self._failure = failure

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # a protocol's
        for credential in self._credentials:
            yield {"Authorization": credential}
        if self._failure is not None:
            raise self._failure

    def secrets(self) -> tuple[str, ...]:
        return self._credentials

    async def close(self) -> None:
        return None


def _accepts(credential: str) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        given = request.headers["Authorization"]
        return httpx.Response(200 if given == credential else 401, text=f"no right for {given}")

    return handler


async def test_a_refused_credential_is_renewed_once_and_the_write_needs_a_new_permit() -> None:
    around = Surroundings()

    async with sender(around, auth=TwoTries("old", "new"), transport=httpx.MockTransport(_accepts("new"))) as send:
        await send.send(write(), reading(write()))

    assert [(details.attempt, details.status, details.error) for details in around.seen] == [
        (1, 401, "UnauthorizedError"),
        (2, 200, None),
    ]
    assert around.permits == 2


async def test_a_credential_refused_twice_is_unauthorized_and_not_shown() -> None:
    around = Surroundings()
    auth = TwoTries('canary "one"', "canary two")

    async with sender(around, auth=auth, transport=httpx.MockTransport(_accepts("third"))) as send:
        with pytest.raises(UnauthorizedError) as told:
            await send.send(write(), reading(write()))

    assert "canary" not in str(told.value)
    assert "***" in str(told.value)
    assert len(around.seen) == 2


async def test_a_failed_renewal_is_the_outcome_and_seen() -> None:
    around = Surroundings()
    auth = TwoTries("old", failure=TargetUnavailableError("sign-in is down"))

    async with sender(around, auth=auth, transport=httpx.MockTransport(_accepts("new"))) as send:
        with pytest.raises(TargetUnavailableError, match="sign-in"):
            await send.send(write(), body)

    assert [(details.status, details.error) for details in around.seen] == [(401, "TargetUnavailableError")]


async def test_a_call_has_its_own_headers_and_type() -> None:
    seen: list[httpx.Headers] = []

    def answers(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    async with sender(Surroundings(), transport=httpx.MockTransport(answers)) as send:
        form = Call(
            operation="x",
            method="POST",
            path=Path("x", "x"),
            effect=False,
            headers={"Store": "all"},
            content_type="application/x-www-form-urlencoded",
            body=b"a=1",
        )
        await send.send(form, body)
        await send.send(look(), body)

    assert seen[0]["Store"] == "all"
    assert seen[0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Content-Type" not in seen[1]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "ä", "a\tb"])
async def test_a_header_that_could_become_two_is_refused_before_anything_leaves(value: str) -> None:
    around = Surroundings()
    call = Call(operation="x", method="POST", path=Path("x", "x"), effect=True, headers={"X-Correlation": value})

    async with sender(around, transport=httpx.MockTransport(lambda _: httpx.Response(200))) as send:
        with pytest.raises(RejectedPayloadError, match="X-Correlation") as refused:
            await send.send(call, body)

    assert value not in str(refused.value)
    assert around.permits == 0
