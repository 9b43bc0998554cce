"""Channels and their secrets: well-formed, one's own, and never shown."""

import base64
import json
from pathlib import Path

import pytest

from streams.settings import Settings, SettingsError, read_settings, shown
from streams.settings.forms import secret_bytes
from tests.unit.streams.settings.private import private

LEAST = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:9092", "STREAMS_SCHEMA_REGISTRY__URL": "https://r:8081"}
NAME = "STREAMS_GATEWAY__SECRETS"


def secret(fill: str, size: int = 32) -> str:
    return "whsec_" + base64.b64encode(fill.encode() * size).decode()


def read(secrets: object, **more: str) -> Settings:
    text = secrets if isinstance(secrets, str) else json.dumps(secrets)
    return read_settings({**LEAST, NAME: text, **{f"STREAMS_GATEWAY__{name}": value for name, value in more.items()}})


def wrong(secrets: object) -> str:
    """The one line."""
    with pytest.raises(SettingsError) as refused:
        read(secrets)
    return str(refused.value)


def test_each_channel_has_a_secret_or_two() -> None:
    found = read({"web": [secret("a"), secret("b")], "dealer-eu": [secret("c", 24)], "pos_1": [secret("d", 64)]})

    assert {name: [secret_bytes(one) for one in known] for name, known in found.gateway.secrets.items()} == {
        "web": [b"a" * 32, b"b" * 32],
        "dealer-eu": [b"c" * 24],
        "pos_1": [b"d" * 64],
    }


def test_they_can_stand_in_a_file(tmp_path: Path) -> None:
    private(tmp_path / "secrets.json", json.dumps({"web": [secret("a")]}))

    found = read_settings({**LEAST, f"{NAME}_FILE": str(tmp_path / "secrets.json")})

    assert list(found.gateway.secrets) == ["web"]


def test_of_secrets_only_whether_they_are_set_is_shown() -> None:
    canary = secret("a")
    found = read({"web": [canary]})

    assert shown(found)[NAME] == "set"
    assert shown(read_settings(LEAST))[NAME] == "not set"
    assert canary not in f"{found!r}{found}{shown(found)}"
    assert canary.removeprefix("whsec_") not in f"{found!r}{shown(found)}"


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"web": []}, "a channel has one secret, or two"),
        ({"web": [secret("a"), secret("b"), secret("c")]}, "a channel has one secret, or two"),
        ({"web": [secret("a")], "dealer": [secret("a")]}, "each channel has secrets of its own"),
        ({"web": [secret("a"), secret("a")]}, "each channel has secrets of its own"),
        ({"web": [secret("a", 23)]}, "24 to 64 random bytes in base64"),
        ({"web": [secret("a", 65)]}, "24 to 64 random bytes in base64"),
        ({"web": [secret("a").removeprefix("whsec_")]}, "a secret is whsec_"),
        ({"web": ["whsec_not base64!"]}, "a secret is whsec_"),
        ({"web": [""]}, "a secret is whsec_"),
        ({"web": secret("a")}, "valid tuple"),
        ({"": [secret("a")]}, "only letters, digits, _ and -"),
        ({"a/b": [secret("a")]}, "only letters, digits, _ and -"),
        ({"..": [secret("a")]}, "only letters, digits, _ and -"),
        ({"-web": [secret("a")]}, "only letters, digits, _ and -"),
        ({"a" * 21: [secret("a")]}, "at most 20 characters"),
        ([secret("a")], "must look like"),
        (secret("a"), "not valid JSON"),
        ('{"web": ["whsec_YQ=="], "web": ["whsec_YQ=="]}', "'web' stands twice"),
    ],
    ids=lambda part: part if isinstance(part, str) and " " in part else "",
)
def test_what_is_no_secret_of_one_channel_is_refused_and_not_repeated(secrets: object, said: str) -> None:
    line = wrong(secrets)

    assert line.startswith(NAME)
    assert said in line
    assert "YWFh" not in line  # how every secret begins here
    assert "\n" not in line
