"""Settings say what is missing and what is allowed, and never show a secret."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.adobe_commerce.settings import IMS_TOKEN_URL, ImsSettings, Settings, TokenSettings
from tests.unit.connectors.adobe_commerce.shops import OAUTH1, settings

TOKEN = {"kind": "token", "username": "sync", "password": "canary"}
IMS = {"kind": "ims", "client_id": "id", "client_secret": "canary", "org_id": "A@AdobeOrg"}


def test_defaults_are_those_of_the_documentation() -> None:
    plain = settings()

    assert (plain.store, plain.deployment, plain.rows_per_call, plain.page_size) == ("all", "paas", 100, 300)
    assert (plain.timeout_s, plain.settle_s, plain.single_stock) == (30, 60, False)


@pytest.mark.parametrize("auth", [OAUTH1, TOKEN])
def test_each_kind_takes_exactly_its_fields(auth: dict[str, str]) -> None:
    assert settings(auth=auth).auth.kind == auth["kind"]

    for field in auth.keys() - {"kind"}:
        for missing in ({name: value for name, value in auth.items() if name != field}, auth | {field: ""}):
            with pytest.raises(ValidationError, match=rf"missing: auth\.{field};") as refused:
                settings(auth=missing)
            assert "canary" not in str(refused.value)


def test_a_credential_may_be_given_as_a_value() -> None:
    given = TokenSettings(kind="token", username="sync", password=SecretStr("canary"))

    assert settings(auth=given).auth == given


def test_a_field_of_another_kind_is_named() -> None:
    with pytest.raises(ValidationError, match=r"not allowed: auth\.consumer_key"):
        settings(auth=TOKEN | {"consumer_key": "x"})


@pytest.mark.parametrize("auth", [None, {}, {"kind": "basic"}, {"kind": ["token"]}, "token"])
def test_a_missing_or_unknown_kind_lists_the_kinds(auth: object) -> None:
    with pytest.raises(ValidationError, match="ims, oauth1, token"):
        settings(auth=auth)


def test_no_credential_at_all_lists_the_kinds() -> None:
    with pytest.raises(ValidationError, match="ims, oauth1, token"):
        Settings.model_validate({"base_url": "https://shop.example"})


@pytest.mark.parametrize(
    "given",
    [
        {"base_url": "https://shop.example/rest"},
        {"base_url": "https://shop.example/rest/all"},
        {"store": "a/b"},
        {"store": ""},
        {"rows_per_call": 0},
        {"rows_per_call": 5001},
        {"page_size": 301},
        {"deployment": "saas"},
        {"deployment": "saas", "tenant": "t", "auth": TOKEN},
        {"deployment": "saas", "tenant": "../t", "auth": IMS},
        {"deployment": "saas", "tenant": "t", "auth": IMS, "single_stock": True},
        {"tenant": "t"},
        {"invented": 1},
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_the_cloud_service_signs_in_with_adobes_values() -> None:
    cloud = settings(deployment="saas", tenant="abc", auth=IMS)

    assert isinstance(cloud.auth, ImsSettings)
    assert cloud.auth.token_url == IMS_TOKEN_URL
    assert cloud.auth.scope.endswith("commerce.accs")


@pytest.mark.parametrize("auth", [TOKEN, OAUTH1 | {"consumer_secret": "canary"}])
def test_secrets_are_not_shown(auth: dict[str, str]) -> None:
    shown = settings(auth=auth)

    assert "canary" not in repr(shown)
    assert "canary" not in str(shown.model_dump())
    assert "canary" not in shown.model_dump_json()


def test_numbers_may_be_text_as_the_environment_gives_them() -> None:
    given = settings(rows_per_call="20", timeout_s="12.5", single_stock="true")

    assert (given.rows_per_call, given.timeout_s, given.single_stock) == (20, 12.5, True)
