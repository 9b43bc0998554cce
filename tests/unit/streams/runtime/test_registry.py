"""An encrypted registry that must not be believed: refused, and it hears no password."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from streams.runtime.registry import HttpRegistry
from streams.runtime.serde import RegistryUnavailableError
from streams.settings import read_settings
from tests.fakes.canaries import seen
from tests.fakes.tls import Authority, server_context, tls_server
from tests.unit.streams.cli.calling import SETTINGS

PASSWORD = "canary-registry-7a11"
REFUSED: dict[str, Callable[[Authority], Path]] = {
    "expired": lambda ours: ours.certificate(ends_in=timedelta(days=-1)),
    "another host": lambda ours: ours.certificate("registry.example.com"),
}


def registry(url: str, authority: Authority) -> HttpRegistry:
    given = {"URL": url, "USERNAME": "mw", "PASSWORD": PASSWORD, "SSL_CAFILE": str(authority.pem)}
    named = {f"STREAMS_SCHEMA_REGISTRY__{name}": value for name, value in given.items()}
    return HttpRegistry(read_settings({**SETTINGS, **named}).schema_registry)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_certificate_that_does_not_fit_is_refused(kind: str, tmp_path: Path) -> None:
    ours = Authority(tmp_path)

    with tls_server(server_context(REFUSED[kind](ours))) as heard, pytest.raises(RegistryUnavailableError) as refused:
        registry(f"https://127.0.0.1:{heard.port}", ours).text_of(1)

    assert seen([PASSWORD], f"{refused.value}{heard.first!r}") == []


def test_a_registry_of_another_authority_is_refused(tmp_path: Path) -> None:
    theirs = Authority(tmp_path, "theirs").certificate()

    with tls_server(server_context(theirs)) as heard, pytest.raises(RegistryUnavailableError):
        registry(f"https://127.0.0.1:{heard.port}", Authority(tmp_path, "ours")).text_of(1)

    assert heard.first == b""


def test_a_registry_that_fits_hears_the_credential(tmp_path: Path) -> None:
    """So that the tests above would see it."""
    ours = Authority(tmp_path)

    with tls_server(server_context(ours.certificate())) as heard, pytest.raises(RegistryUnavailableError):
        registry(f"https://127.0.0.1:{heard.port}", ours).text_of(1)

    assert seen([PASSWORD], heard.first.decode()) == [PASSWORD]
