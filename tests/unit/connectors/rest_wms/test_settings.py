"""Settings say what is missing, and never show a secret."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.rest_wms.settings import Settings

BEARER = {"kind": "bearer", "token": "canary-1"}
BASIC = {"kind": "basic", "username": "sync", "password": "canary-2"}


def settings(auth: object, **given: Any) -> Settings:  # any setting by name
    return Settings.model_validate({"base_url": "https://wms.example", "auth": auth} | given)


@pytest.mark.parametrize("auth", [BEARER, BASIC])
def test_each_kind_takes_exactly_its_fields(auth: dict[str, str]) -> None:
    taken = settings(auth)

    assert taken.auth.kind == auth["kind"]
    assert "canary" not in repr(taken)
    for name in auth.keys() - {"kind"}:
        for wrong in ({key: value for key, value in auth.items() if key != name}, auth | {name: ""}):
            with pytest.raises(ValidationError) as refused:
                settings(wrong)
            assert name in str(refused.value)
            assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "auth",
    [
        None,
        {},
        {"kind": "digest"},
        BEARER | {"password": "canary"},
        BEARER | {"token": "canary-1\n"},
        BEARER | {"token": "canary 1"},
        BEARER | {"token": "canäry"},
        BASIC | {"username": "sync:canary"},
    ],
)
def test_a_credential_that_cannot_be_sent_is_refused_at_the_start(auth: object) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(auth)

    assert "canary" not in str(refused.value)


def test_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(ValidationError):
        settings(BEARER, invented=1)
