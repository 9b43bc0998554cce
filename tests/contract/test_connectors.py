"""What every connector owes, whatever product it speaks to.  Connectors are found by their manifests."""

import importlib
import inspect
import itertools
import pkgutil
import traceback
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote_plus

import httpx
import pytest
from pydantic import ValidationError

import connectors
from connectors.core import manifest, registry
from connectors.core.calls import CallDetails, Dependencies
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    LeaseLostError,
    RateLimitedError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from connectors.core.registry import Ports
from connectors.core.settings import ConnectorSettings
from tests.contract.connectors.case import ConnectorCase, Handler, Use
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "recordings"
NAMES = registry.names()


def case_of(name: str) -> ConnectorCase:
    case = importlib.import_module(f"tests.contract.connectors.{name}").CASE
    assert isinstance(case, ConnectorCase)
    return case


ALL_USES = [(name, use) for name in NAMES for use in case_of(name).uses]
USES = pytest.mark.parametrize(("name", "use"), ALL_USES, ids=[f"{name}: {use.name}" for name, use in ALL_USES])
WRITES = pytest.mark.parametrize(("name", "use"), [(name, use) for name, use in ALL_USES if use.effect])
CREDENTIALS = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in NAMES for kind in case_of(name).credentials]
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def opened(
    name: str, use: Use, handler: Handler, seen: list[CallDetails] | None = None, *, kind: str | None = None
) -> AsyncIterator[Ports]:
    """With the first credential that the settings of the use go with, or with that of `kind`."""
    case, connector = case_of(name), registry.load(name)

    def answers(request: httpx.Request) -> httpx.Response:
        return case.token(request) if case.signs_in(request) else handler(request)

    dependencies = Dependencies(
        clock=FakeClock(),
        observe=(seen if seen is not None else []).append,
        transport=httpx.MockTransport(answers),
    )
    kinds = [kind] if kind else list(case.credentials)
    ports = connector.open(_settings(name, use, kinds), dependencies)
    try:
        yield ports
    finally:
        await ports.close()


def _settings(name: str, use: Use, kinds: list[str]) -> ConnectorSettings:
    for kind in kinds:
        try:
            return registry.load(name).settings.model_validate(
                {**use.settings, "auth": case_of(name).credentials[kind]}
            )
        except ValidationError:
            continue
    raise LookupError(f"no credential fits {use.name}")


async def outcome(run: Awaitable[object]) -> ConnectorError | None:
    try:
        await run
    except ConnectorError as exc:
        return exc
    return None


def test_there_are_connectors() -> None:
    assert "adobe_commerce" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_answers_every_rule_and_its_permissions_are_documented(name: str) -> None:
    read = registry.load(name).manifest
    readme = (ROOT / "connectors" / name / "README.md").read_text(encoding="utf-8")

    assert read.rules.keys() == set(manifest.RULES)
    for operation in read.operations.values():
        assert operation.permission == "none" or operation.permission in readme
    for version in read.api_versions:
        assert version in readme


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented_and_limits_state_the_defaults_that_hold(name: str) -> None:
    connector = registry.load(name)
    readme = (ROOT / "connectors" / name / "README.md").read_text(encoding="utf-8")

    assert not [setting for setting in connector.settings.model_fields if setting.upper() not in readme]
    for setting, limit in connector.manifest.limits.items():
        if setting in connector.settings.model_fields:
            assert connector.settings.model_fields[setting].default == limit.default


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_maps_both_ways(name: str) -> None:
    trips = case_of(name).round_trips
    recorded = {
        file.name: file
        for version in registry.load(name).manifest.api_versions
        for file in (RECORDINGS / name / version).glob("*.json")
    }

    assert recorded.keys() == trips.keys()
    for file_name, trip in trips.items():
        before, after = trip(recorded[file_name].read_bytes())
        assert after == before, file_name


@pytest.mark.anyio
@USES
async def test_every_request_is_one_that_the_vendors_contract_knows(name: str, use: Use) -> None:
    requests: list[httpx.Request] = []
    seen: list[CallDetails] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return use.well(request)

    async with opened(name, use, handler, seen) as ports:
        await use.run(ports)

    assert requests
    for request in requests:
        case_of(name).conforms(request)
    stated = registry.load(name).manifest.operations
    for details in seen:
        if details.operation != "sign-in":
            assert stated[details.operation].call == f"{details.method} {details.template}"


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_opens_the_ports_that_it_names(name: str) -> None:
    read = registry.load(name).manifest
    fields = set(Ports.__dataclass_fields__) - {"close"}

    assert set(read.ports) <= fields


@pytest.mark.anyio
@USES
async def test_every_status_lands_in_the_tree_and_reads_are_never_of_unknown_outcome(name: str, use: Use) -> None:
    now = httpx.Response(200)

    async with opened(name, use, lambda _: now) as ports:
        for status, content in itertools.product(range(300, 600), (b"", b"<html>", b"{}", b'{"message":"no"}')):
            now = httpx.Response(status, content=content)
            error = await outcome(use.run(ports))
            assert error is not None or status in {404, 410}, f"{status} was taken for a success"
            assert use.effect or not isinstance(error, UnknownOutcomeError)


@pytest.mark.anyio
@USES
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(FakeClock().now() + timedelta(seconds=9), usegmt=True), timedelta(seconds=9)),
        ("31536000", timedelta(seconds=300)),
        ("-5", None),
        (None, None),
    ],
)
async def test_retry_after_is_handed_on_as_data(
    name: str, use: Use, status: int, value: str | None, wait: timedelta | None
) -> None:
    headers = {} if value is None else {"Retry-After": value}

    async with opened(name, use, lambda _: httpx.Response(status, headers=headers, json={"message": "wait"})) as ports:
        error = await outcome(use.run(ports))

    if use.creates and status == 503:
        assert type(error) is UnknownOutcomeError
        return
    assert isinstance(error, RateLimitedError if status == 429 else TargetUnavailableError)
    assert error.retry_after == wait


def _raises(kind: type[httpx.RequestError]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise kind("broken", request=request)

    return handler


def _last_only(use: Use, handler: Handler) -> Handler:
    """The reads before a write go well."""
    return lambda request: use.well(request) if use.effect and request.method == "GET" else handler(request)


@pytest.mark.anyio
@USES
async def test_a_lost_answer_is_unknown_to_a_write_and_a_failure_to_a_read(name: str, use: Use) -> None:
    for kind in (httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        async with opened(name, use, _last_only(use, _raises(kind))) as ports:
            error = await outcome(use.run(ports))
        assert type(error) is (UnknownOutcomeError if use.effect else TargetUnavailableError)


@pytest.mark.anyio
@USES
async def test_a_target_that_cannot_be_reached_did_nothing(name: str, use: Use) -> None:
    for kind in (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        async with opened(name, use, _raises(kind)) as ports:
            assert type(await outcome(use.run(ports))) is TargetUnavailableError


@pytest.mark.anyio
@USES
async def test_a_page_with_a_good_status_is_no_answer(name: str, use: Use) -> None:
    def page(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>", headers={"Content-Type": "text/html"})

    async with opened(name, use, _last_only(use, page)) as ports:
        error = await outcome(use.run(ports))

    assert type(error) is (UnknownOutcomeError if use.effect else TargetUnavailableError)


@pytest.mark.anyio
@USES
async def test_a_refused_credential_is_tried_twice_at_most(name: str, use: Use) -> None:
    requests: list[httpx.Request] = []

    def refuses(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(401, json={"message": "no"})

    async with opened(name, use, refuses) as ports:
        error = await outcome(use.run(ports))

    assert isinstance(error, UnauthorizedError)
    assert len(requests) == 2


@pytest.mark.anyio
@CREDENTIALS
async def test_no_failure_shows_a_secret(name: str, kind: str) -> None:
    """The target repeats all that it was sent, in every refusal; tracebacks are searched too."""

    def echo(status: int) -> Handler:
        def handler(request: httpx.Request) -> httpx.Response:
            told = f"{dict(request.headers)} {request.content!r} {request.url}"
            return httpx.Response(status, json={"message": told})

        return handler

    shown: list[str] = []
    for use in case_of(name).uses:
        for handler in [*(echo(status) for status in (400, 401, 403, 404, 429, 500, 503)), _raises(httpx.ReadError)]:
            seen: list[CallDetails] = []
            try:
                async with opened(name, use, handler, seen, kind=kind) as ports:
                    shown.append(repr(ports))
                    await use.run(ports)
            except LookupError:
                continue  # this credential does not go with these settings
            except ConnectorError as exc:
                shown += [repr(exc), "".join(traceback.format_exception(exc)), repr(seen)]

    assert len(shown) > 8
    assert not [text for text in shown if "canary" in text]


@pytest.mark.anyio
@CREDENTIALS
async def test_a_credential_that_is_replaced_is_used_from_the_next_call_on(name: str, kind: str) -> None:
    """By whatever way the connector signs in; the token that the old one bought is not used any more."""
    case, connector = case_of(name), registry.load(name)
    use, settings = next(found for use in case.uses if (found := _fitting(name, use, kind)) is not None)
    replaced = _replaced(settings, case.credentials[kind])
    now, asked, called = settings, list[str](), list[str]()

    def handler(request: httpx.Request) -> httpx.Response:
        signs_in = case.signs_in(request)
        (asked if signs_in else called).append(_readable(request))
        return case.token(request) if signs_in else use.well(request)

    transport = httpx.MockTransport(handler)
    ports = connector.open(settings, Dependencies(clock=FakeClock(), transport=transport, renewed=lambda: now))
    try:
        await use.run(ports)
        first = " ".join(asked or called)
        now, asked[:], called[:] = replaced, [], []
        await use.run(ports)
    finally:
        await ports.close()

    second = " ".join(asked or called)
    if "private_key" in case.credentials[kind]:
        assert "assertion" in second  # the key is seen in what it signs only, and it signed anew
    else:
        assert "canary" in first
        assert "replaced" in second
        assert "canary" not in second


def _fitting(name: str, use: Use, kind: str) -> tuple[Use, ConnectorSettings] | None:
    try:
        return use, _settings(name, use, [kind])
    except LookupError:
        return None


def _replaced(settings: ConnectorSettings, credential: Mapping[str, object]) -> ConnectorSettings:
    auth = {key: value.replace("canary", "replaced") for key, value in credential.items() if isinstance(value, str)}
    return type(settings).model_validate({**settings.model_dump(), "auth": {**credential, **auth}})


def _readable(request: httpx.Request) -> str:
    """What a credential may stand in, base64 of a header decoded."""
    header = request.headers.get("Authorization", "")
    pair = b64decode(header.removeprefix("Basic ")).decode() if header.startswith("Basic ") else ""
    return f"{header} {unquote_plus(pair)} {unquote_plus(request.content.decode())}"


@pytest.mark.anyio
@WRITES
async def test_a_repeated_write_is_the_same_request(name: str, use: Use) -> None:
    sent: list[tuple[str, str, bytes]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, str(request.url), request.content))
        return use.well(request)

    async with opened(name, use, handler) as ports:
        await use.run(ports)
        once = list(sent)
        await use.run(ports)

    assert sent == once + once


@pytest.mark.anyio
@USES
async def test_only_what_has_an_effect_needs_the_permit(name: str, use: Use) -> None:
    connector, case = registry.load(name), case_of(name)
    methods: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return case.token(request) if case.signs_in(request) else use.well(request)

    def permit() -> None:
        raise LeaseLostError("gone")

    dependencies = Dependencies(clock=FakeClock(), permit=permit, transport=httpx.MockTransport(handler))
    ports = connector.open(_settings(name, use, list(case.credentials)), dependencies)
    error = await outcome(use.run(ports))
    await ports.close()

    assert isinstance(error, LeaseLostError) is use.effect
    assert use.effect or methods


def test_every_error_of_a_connector_is_in_the_tree() -> None:
    """A class beside the tree would be an unknown exception to every caller."""
    inside = {"UnfitAnswerError"}  # caught by the sender, never raised to callers
    found = {
        value
        for module in pkgutil.walk_packages(connectors.__path__, "connectors.")
        for value in vars(importlib.import_module(module.name)).values()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__.startswith("connectors.")
    }

    assert len(found) > 12
    assert {kind.__name__ for kind in found if not issubclass(kind, ConnectorError)} == inside


@pytest.mark.parametrize("name", NAMES)
def test_foreign_settings_are_refused(name: str) -> None:
    connector = registry.load(name)
    foreign = ConnectorSettings(base_url="https://shop.example")

    with pytest.raises(ConfigurationError):
        connector.open(foreign, Dependencies(clock=FakeClock()))
