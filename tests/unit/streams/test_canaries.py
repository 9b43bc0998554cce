"""Secrets and people are planted, everything is made to fail, and nothing that is printed shows them."""

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec
import pytest
from prometheus_client import generate_latest

import streams
from connectors.core import registry
from schemas.models.order import Contact, Order
from streams.cli.main import cli
from streams.runtime import log_traces, logs
from streams.runtime.guard import Guard
from streams.runtime.metrics import REGISTRY
from streams.settings import SettingsError, read_connector, read_settings
from streams.settings.names import is_secret
from streams.settings.read import known_names, shown
from streams.settings.tree import Settings
from tests.fakes.canaries import seen
from tests.unit.streams.cli.calling import SETTINGS, run
from tests.unit.streams.flows.order_worker import OrderWorker, order_bytes
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.test_order_intake import ORDERS, WEB

SHOP = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
SECRETS: Mapping[str, str] = {
    "STREAMS_KAFKA__SASL_PASSWORD": "canary-scram/p+ss=1",
    "STREAMS_KAFKA__SSL_KEY_PASSWORD": "canary key phrase 2",
    "STREAMS_SCHEMA_REGISTRY__PASSWORD": "canary-registry-3#",
    "STREAMS_WEB__TOKEN": "canary-operate-token-4444",
    "STREAMS_WEB__READ_TOKEN": "canary-read-token-5555",
    "STREAMS_WEB__REVEAL_TOKEN": "canary-reveal-token-6666",
    f"{SHOP}AUTH__PASSWORD": "canary-shop-7",
    f"{SHOP}PROXY": "http://proxy:canary-proxy-8@127.0.0.1:1",
}
WHSEC = "whsec_Y2FuYXJ5LWhtYWMta2V5LTktMDEyMzQ1Njc4OWFiY2RlZg=="
BEARER = "canary-bearer-token-10-of-a-client"
PLANTED = (*SECRETS.values(), "canary-proxy-8", WHSEC, WHSEC.removeprefix("whsec_"), BEARER)
GIVEN: Mapping[str, str] = {
    **SETTINGS,
    **SECRETS,
    "STREAMS_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "STREAMS_KAFKA__SASL_USERNAME": "mw",
    "STREAMS_SCHEMA_REGISTRY__USERNAME": "mw",
    "STREAMS_GATEWAY__SECRETS": f'{{"web": ["{WHSEC}"]}}',
    "STREAMS_GATEWAY__RESERVATIONS__TOKENS": f'{{"pos": ["{BEARER}"]}}',
    "STREAMS_LOGS__LEVEL": "DEBUG",
}
COMMANDS = (
    ("gateway",),
    ("poll", "--once"),
    ("doctor",),
    ("doctor", "--json"),
    ("topics", "apply"),
    ("topics", "acls"),
    ("schemas", "apply"),
    ("status",),
    ("stock", "show", "SKU-1"),
    ("dead-letters", "list"),
    ("trace", "SKU-1"),
    ("agents",),
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: that is known without waiting for it."""
    monkeypatch.setattr("streams.runtime.cluster.ANSWER_S", 0.2)
    monkeypatch.setattr("streams.runtime.operating.brokers.ROUNDS", 1)
    monkeypatch.setattr("streams.runtime.operating.brokers.ROUND_S", 0.2)


@pytest.fixture(params=["variables", "files"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """All secrets in the environment, or each in a file of its own."""
    found = {**GIVEN, "STREAMS_DATA_DIR": str(tmp_path / "data"), "STREAMS_WEB__PORT": "0"}
    if request.param == "files":
        for number, (name, secret) in enumerate(SECRETS.items()):
            file = tmp_path / f"secret-{number}"
            file.write_text(secret)
            file.chmod(0o600)
            del found[name]
            found[f"{name}_FILE"] = str(file)
    return found


@pytest.mark.parametrize(
    ("command", "given"),
    [*((command, "variables") for command in COMMANDS), (("doctor",), "files")],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
    indirect=["given"],
)
def test_no_command_prints_a_secret_when_nothing_answers(command: tuple[str, ...], given: dict[str, str]) -> None:
    result = run(*command, settings=given)

    assert seen(PLANTED, result.output + result.stderr + repr(result.exception)) == []


def test_a_worker_that_cannot_start_prints_no_secret_and_is_given_none_as_an_argument(given: dict[str, str]) -> None:
    words = [sys.executable, "-m", "streams", "worker"]
    done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert seen(PLANTED, done.stdout + done.stderr) == []


def _commands(group: click.Command) -> Iterator[click.Command]:
    yield group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from _commands(command)


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Everybody on a machine reads the arguments of its processes."""
    named = [(command.name, one.name or "") for command in _commands(cli) for one in command.params]

    assert len(named) > 50
    assert {(command, name) for command, name in named if is_secret(name)} == {
        ("list", "key")  # of a dead letter's record
    }


def test_nothing_is_written_as_a_table_for_a_spreadsheet() -> None:
    """A cell that begins with `=` is run by what opens it; whoever adds an export has to guard its cells."""
    writes = re.compile(r"\bimport csv\b|\bfrom csv\b|text/csv|spreadsheet|\.xlsx|tab-separated")
    root = Path(streams.__file__).parent
    files = [*root.rglob("*.py"), *root.rglob("*.html"), *root.rglob("*.js")]

    assert len(files) > 300
    assert [file.name for file in files if writes.search(file.read_text(encoding="utf-8"))] == []


def test_every_secret_setting_is_planted_or_has_no_value_of_its_own() -> None:
    """A secret that comes with a new setting has to be planted here, too."""
    secret = {f"STREAMS_{name}" for name, _ in known_names(Settings) if is_secret(f"STREAMS_{name}")}

    assert secret - SECRETS.keys() == {
        "STREAMS_GATEWAY__SECRETS",  # planted by itself
        "STREAMS_GATEWAY__RESERVATIONS__TOKENS",  # likewise
        "STREAMS_GATEWAY__COMMERCE_WEBHOOK__PUBLIC_KEY",
        "STREAMS_KAFKA__SSL_KEYFILE",
    }


def test_settings_show_no_secret_however_they_are_printed(given: dict[str, str]) -> None:
    settings = read_settings(given)
    connector = read_connector(
        registry.load("adobe_commerce").settings, "adobe_commerce", settings.connectors["adobe_commerce"]
    )

    printed = f"{settings.kafka!r} {settings.web} {shown(settings)} {connector!r} {settings.gateway}"

    assert seen(PLANTED, printed) == []
    assert seen(PLANTED, repr(settings)) == []


@pytest.mark.parametrize("name", [name for name in SECRETS if not name.startswith(SHOP)])
def test_a_secret_in_the_wrong_place_is_not_quoted_in_the_refusal(name: str) -> None:
    wrong = {**SETTINGS, f"{name}__DEEPER": SECRETS[name]}

    with pytest.raises(SettingsError) as refused:
        read_settings(wrong)

    assert seen(PLANTED, str(refused.value)) == []


# ── people ───────────────────────────────────────────────────────────────────────────────────────

PERSON: Mapping[str, str] = {
    "mail": "canary.person@example.com",
    "name": "Canary Testperson",
    "street": "Canary Street 12",
    "phone": "+49 30 canary 5550",
    "iban": "DE02120300000000202051",
}


def with_person(order: Order) -> Order:
    """Somebody in every field that can hold text of a customer."""
    address = msgspec.structs.replace(
        order.billing,
        first_name=PERSON["name"],
        last_name=PERSON["name"],
        street=(PERSON["street"],),
        telephone=PERSON["phone"],
        vat_id=PERSON["iban"],
    )
    customer = msgspec.structs.replace(
        order.customer, email=PERSON["mail"], first_name=PERSON["name"], last_name=PERSON["name"], tax_id=PERSON["iban"]
    )
    contact = Contact(role="buyer", name=PERSON["name"], email=PERSON["mail"], telephone=PERSON["phone"])
    return msgspec.structs.replace(order, billing=address, shipping=address, customer=customer, contacts=(contact,))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that this process logs, at the finest level, in the real form."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("DEBUG", "json", lambda: 0.0, worker="canary-test")
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def fails_with_its_input(order: Order) -> Order:
    """A rule with a bug, which Python reports with the value."""
    raise ValueError(f"cannot read {order.customer!r}")


@pytest.mark.anyio
async def test_no_failure_of_an_order_shows_whom_it_is_about(tmp_path: Path, log: io.StringIO) -> None:
    about, key = with_person(WEB), WEB.number.encode()
    whole = order_bytes(about)
    values = [
        order_bytes(msgspec.structs.replace(about, lines=())),
        order_bytes(msgspec.structs.replace(about, channel="")),
        whole[:-9],
        whole + b"\0",
        whole[:1] + b"\0\0\0\x63" + whole[5:],
        PERSON["iban"].encode(),
    ]
    records = [Raw(ORDERS, n, key, value) for n, value in enumerate(values)]
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.take_orders([*records, Raw(ORDERS, len(records), b"another", whole)])
    refused = Guard(ORDERS, lambda *_: None).run(fails_with_its_input, about)
    worker.close()

    letters = worker.broker.log["dead-letter.v1"]
    headers = " ".join(str(text) for letter in letters for name, text in letter.headers if name.startswith("dl_"))
    assert len(letters) == len(records) + 1
    assert seen([PERSON["mail"]], "".join(str(letter.value) for letter in letters))  # the bytes are kept
    printed = f"{log.getvalue()} {headers} {refused!r} {generate_latest(REGISTRY).decode()}"
    assert "rule-failed" in printed
    assert seen(PERSON.values(), printed) == []


def test_a_traceback_tells_where_and_not_whose(log: io.StringIO) -> None:
    """Both a rule with a bug and a crash of the whole worker end here."""
    logger = logs.logger("streams.test")
    for kind in (ValueError, KeyError, msgspec.ValidationError, UnicodeError):
        try:
            _fail_twice(kind)
        except LookupError as error:
            logger.exception("rule-failed", rule="any")
            both = ExceptionGroup("side by side", [error])
            logger.critical("fault", error=log_traces.told(both), exc_info=both)

    assert seen(PERSON.values(), log.getvalue()) == []
    assert log.getvalue().count("in _fail_twice") == 4 * 2 * 2
    assert log.getvalue().count("LookupError") >= 4


def _fail(kind: type[Exception]) -> None:
    raise kind(f"bad value {PERSON['mail']!r}")


def _fail_twice(kind: type[Exception]) -> None:
    try:
        _fail(kind)
    except kind as error:
        raise LookupError(PERSON["name"]) from error


def test_an_error_of_a_library_keeps_its_words() -> None:
    assert log_traces.told(ConnectionError("broker 127.0.0.1:9092 refused")) == (
        "ConnectionError: broker 127.0.0.1:9092 refused"
    )
    assert log_traces.told(KeyError("x")) == "KeyError"
