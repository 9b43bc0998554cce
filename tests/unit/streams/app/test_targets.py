"""Which connector plays which role, by settings alone; and whether each answers."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.core.errors import UnauthorizedError
from simulators.rest_finance import RestFinanceSimulator
from simulators.rest_finance import Settings as BookSettings
from streams.app.diagnosis import target
from streams.app.targets import certificate_files, choose, choose_live, open_target
from streams.runtime.lease import Lease
from streams.settings import LiveSettings, SettingsError, read_settings
from tests.fakes.still_clock import StillClock
from tests.unit.streams.cli.calling import SETTINGS
from tests.unit.streams.settings.private import private

FINANCE = "STREAMS_CONNECTORS__REST_FINANCE__"
BOOKS = {
    "STREAMS_ORDERS__ERP": "rest_finance",
    "STREAMS_ORDERS__FINANCE": "rest_finance",
    f"{FINANCE}BASE_URL": "http://127.0.0.1:1",
    f"{FINANCE}AUTH__KIND": "client_credentials",
    f"{FINANCE}AUTH__CLIENT_ID": "integration",
    f"{FINANCE}AUTH__CLIENT_SECRET": "simulated-finance-secret-1",
}
"""The ERP is there because orders need one; it is not opened."""


def test_the_books_are_chosen_by_their_setting() -> None:
    choices = choose(read_settings({**SETTINGS, **BOOKS}))

    assert {role: choice.setting for role, choice in choices.orders.items()} == {
        "erp": "STREAMS_ORDERS__ERP",
        "finance": "STREAMS_ORDERS__FINANCE",
    }
    assert choose(read_settings(SETTINGS)).orders == {}


def test_files_with_certificates_are_known_by_the_settings_that_name_them() -> None:
    files = {
        "STREAMS_KAFKA__SSL_CAFILE": "/k/ca.pem",
        "STREAMS_KAFKA__SSL_CERTFILE": "/k/own.pem",
        "STREAMS_SCHEMA_REGISTRY__SSL_CAFILE": "/r/ca.pem",
        f"{FINANCE}CA_FILE": "/f/ca.pem",
    }
    settings = read_settings({**SETTINGS, **BOOKS, **files})

    assert certificate_files(settings, choose(settings)) == {name: Path(path) for name, path in files.items()}
    assert certificate_files(read_settings(SETTINGS), choose(read_settings(SETTINGS))) == {}


def test_books_without_an_erp_are_refused_by_name() -> None:
    alone = {name: value for name, value in BOOKS.items() if name != "STREAMS_ORDERS__ERP"}

    with pytest.raises(SettingsError, match="STREAMS_ORDERS__FINANCE is set, STREAMS_ORDERS__ERP is not"):
        choose(read_settings({**SETTINGS, **alone}))


@pytest.mark.parametrize(
    ("secret", "verdict"), [("simulated-finance-secret-1", "ok"), ("another", "fail")], ids=["right", "wrong"]
)
def test_the_doctor_asks_the_books_whether_they_take_our_credential(secret: str, verdict: str) -> None:
    with _serving() as url:
        changed = {**BOOKS, f"{FINANCE}BASE_URL": url, f"{FINANCE}AUTH__CLIENT_SECRET": secret}
        _shop, _erp, books = target.answers(read_settings({**SETTINGS, **changed}), StillClock())

    assert (books.verdict, "rest_finance" in books.what) == (verdict, True)
    assert "another" not in books.what


def test_a_target_that_is_open_signs_in_with_the_secret_that_was_replaced(tmp_path: Path) -> None:
    file = private(tmp_path / "secret", "of-yesterday")
    given = {name: value for name, value in BOOKS.items() if not name.endswith("SECRET")}
    said: list[str] = []
    with _serving() as url:
        changed = {f"{FINANCE}BASE_URL": url, f"{FINANCE}AUTH__CLIENT_SECRET_FILE": str(file)}
        live = LiveSettings({**SETTINGS, **given, **changed}, said.append)
        books = choose_live(live).orders["finance"]

        async def signed_in() -> list[bool]:
            _gate, ports = open_target(books, live.at_start, StillClock(), Lease(StillClock(), timedelta(seconds=10)))
            assert ports.finance is not None
            found = []
            for secret in ("of-yesterday", "simulated-finance-secret-1"):
                private(file, secret)
                try:
                    await ports.finance.check()
                    found.append(True)
                except UnauthorizedError:
                    found.append(False)
            await ports.close()
            return found

        assert asyncio.run(signed_in()) == [False, True]
    assert said == []


@contextmanager
def _serving() -> Iterator[str]:
    """The doctor has a loop of its own, so the simulator gets one in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = RestFinanceSimulator(BookSettings())
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(10)
        yield simulator.url
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
