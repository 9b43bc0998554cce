"""What Adobe sends is off until it is named, and wrong keys and addresses are said at start."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streams.settings import Settings, SettingsError, read_settings, shown
from tests.unit.streams.sources.adobe import pem

LEAST = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:9092", "STREAMS_SCHEMA_REGISTRY__URL": "https://r:8081"}
EVENTS, WEBHOOK = "STREAMS_GATEWAY__ADOBE_EVENTS__", "STREAMS_GATEWAY__COMMERCE_WEBHOOK__"


def read(**names: str) -> Settings:
    return read_settings({**LEAST, **names})


def wrong(**names: str) -> str:
    """The one line."""
    with pytest.raises(SettingsError) as refused:
        read(**names)
    return str(refused.value)


def test_both_are_off_where_nothing_is_set() -> None:
    found = read().gateway

    assert not found.reads_the_shop
    assert found.adobe_events.static_url == "https://static.adobeioevents.com"


def test_each_is_on_by_itself() -> None:
    assert read(**{f"{EVENTS}CLIENT_ID": "ca7b36f2"}).gateway.reads_the_shop
    assert read(**{f"{WEBHOOK}PUBLIC_KEY": pem("shop")}).gateway.reads_the_shop


def test_the_public_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop.pem").write_text(pem("shop"))

    found = read(**{f"{WEBHOOK}PUBLIC_KEY_FILE": str(tmp_path / "shop.pem")})

    assert found.gateway.commerce_webhook.public_key == pem("shop").strip()
    assert shown(found)[f"{WEBHOOK}PUBLIC_KEY"] == "set"


def elliptic() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (f"{WEBHOOK}PUBLIC_KEY", "canary", "must be an RSA public key in PEM"),
        (f"{WEBHOOK}PUBLIC_KEY", elliptic(), "must be an RSA public key in PEM"),
        (f"{WEBHOOK}PUBLIC_KEY", pem("weak", 1024), "must be an RSA key of 2048 to 8192 bits"),
        (f"{EVENTS}STATIC_URL", "http://static.adobeioevents.com", "must start with https://, unless"),
        (f"{EVENTS}STATIC_URL", "https://user@static.adobeioevents.com", "must not hold a user name"),
        (f"{EVENTS}CLIENT_ID", "a b", "should match pattern"),
        (f"{EVENTS}MAX_BODY_BYTES", "10", "greater than or equal to 1024"),
        (f"{EVENTS}SECRET", "x", "no such setting"),
    ],
    ids=lambda part: part[:40].strip(),
)
def test_what_cannot_be_right_is_one_line_with_its_name(name: str, value: str, said: str) -> None:
    line = wrong(**{name: value})

    assert line.startswith(name)
    assert said in line
    assert "canary" not in line
    assert "\n" not in line


def test_a_host_on_this_machine_may_speak_http() -> None:
    for url in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert read(**{f"{EVENTS}STATIC_URL": url}).gateway.adobe_events.static_url == url
