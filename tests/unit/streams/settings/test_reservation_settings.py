"""Settings of reservations: tokens that nobody guesses, each of one client, from a file too."""

from pathlib import Path

import pytest

from streams.settings import SettingsError, read_settings

NAME = "STREAMS_GATEWAY__RESERVATIONS__"
LEAST = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:1", "STREAMS_SCHEMA_REGISTRY__URL": "https://r"}
TOKEN = "t" * 24


def test_without_a_token_nothing_of_it_is_on() -> None:
    found = read_settings(LEAST).gateway.reservations

    assert (found.tokens, found.ttl_s, found.answer_ms, found.shop_ms, found.check_ms) == ({}, 900, 500, 300, 300)


def test_tokens_come_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(f'{{"pos": ["{TOKEN}"]}}')
    file.chmod(0o600)

    found = read_settings({**LEAST, f"{NAME}TOKENS_FILE": str(file)}).gateway.reservations

    assert found.tokens["pos"][0].get_secret_value() == TOKEN
    assert TOKEN not in repr(found)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by anybody"):
        read_settings({**LEAST, f"{NAME}TOKENS_FILE": str(file)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"TOKENS": f'{{"pos": ["{TOKEN[1:]}"]}}'}, "24 to 256"),
        ({"TOKENS": f'{{"pos": ["{TOKEN} "]}}'}, "24 to 256"),
        ({"TOKENS": '{"pos": []}'}, "one token, or two"),
        ({"TOKENS": f'{{"pos": ["{TOKEN}"], "edi": ["{TOKEN}"]}}'}, "stands twice"),
        ({"TOKENS": f'{{"p o s": ["{TOKEN}"]}}'}, "letters, digits"),
        ({"TOKENS": f'{{"pos": ["{TOKEN}"]}}', "CHECKOUTS": '["web"]'}, "web, which has no token"),
        ({"TTL_S": "8000"}, "longest_ttl_s"),
        ({"COMPONENTS": '{"SET": {}}'}, "at least 1"),
        ({"PER_S": "0"}, "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line_without_a_token(changes: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        read_settings({**LEAST, **{f"{NAME}{name}": value for name, value in changes.items()}})

    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
