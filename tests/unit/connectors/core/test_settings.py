"""Settings that every connector has: bounded, frozen, silent about their values."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.settings import ConnectorSettings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:8443/a/b/", "https://shop.example:8443/a/b"),
        (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given: str, kept: str) -> None:
    assert ConnectorSettings(base_url=given).base_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://user:canary@shop.example",
        "https://shop.example/?a=canary",
        "https://shop.example/#canary",
        "",
    ],
)
def test_an_address_with_more_or_less_than_a_place_is_refused_without_showing_it(given: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ConnectorSettings(base_url=given)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"timeout_s": 0},
        {"timeout_s": float("inf")},
        {"timeout_s": 3601},
        {"connect_timeout_s": 31},
        {"settle_s": -1},
        {"max_connections": 0},
        {"max_answer_bytes": 10},
        {"invented": 1},
    ],
)
def test_a_bound_that_makes_no_sense_or_an_unknown_name_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConnectorSettings(base_url="https://shop.example", **given)


def test_settings_do_not_change_and_do_not_show_the_proxys_password() -> None:
    settings = ConnectorSettings.model_validate(
        {"base_url": "https://shop.example", "proxy": "http://u:canary@proxy.example", "timeout_s": "12"}
    )

    assert settings.timeout_s == 12
    assert "canary" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.timeout_s = 1  # type: ignore[misc]  # that it is read-only is the point
