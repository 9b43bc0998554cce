"""Plain HTTP beyond this machine is refused before anything is called, unless somebody said that it may be."""

import pytest
from pydantic import ValidationError

from connectors.adobe_commerce.settings import Settings as CommerceSettings
from connectors.core import registry
from connectors.core.settings import ConnectorSettings
from connectors.sap_s4hana.settings import Settings as SapSettings

ELSEWHERE = (
    "http://shop.example",
    "http://10.0.0.7:8080/x",
    "http://169.254.169.254",
    "http://2130706433",
    "http://[fe80::1]",
    "http://localhost.example",
    "http://127.0.0.1.example",
)
HERE = ("http://127.0.0.1:8091", "http://127.8.9.10", "http://localhost:1/x", "http://[::1]:8091")
IMS = {"kind": "ims", "client_id": "c", "client_secret": "s", "org_id": "o@AdobeOrg"}
OAUTH2 = {"kind": "oauth2", "client_id": "c", "client_secret": "s"}
COMPANY = {
    "sales_organization": "1",
    "distribution_channel": "1",
    "organization_division": "1",
    "rejection_reason": "01",
}


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_elsewhere_needs_tls(url: str) -> None:
    with pytest.raises(ValidationError, match=r"base_url must start with https://.*set plain_http=true"):
        ConnectorSettings(base_url=url)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_named_setting_allows_it(url: str) -> None:
    assert ConnectorSettings(base_url=url, plain_http=True).base_url == url


@pytest.mark.parametrize("url", [*HERE, "https://shop.example"])
def test_this_machine_and_tls_need_no_word(url: str) -> None:
    assert ConnectorSettings(base_url=url).base_url == url


@pytest.mark.parametrize(
    ("model", "given"),
    [(CommerceSettings, {"auth": IMS}), (SapSettings, {"auth": OAUTH2, **COMPANY})],
)
def test_the_address_of_tokens_is_no_exception(
    model: type[ConnectorSettings], given: dict[str, dict[str, str]]
) -> None:
    plain = {**given, "auth": {**given["auth"], "token_url": "http://login.example/token"}}

    with pytest.raises(ValidationError, match=r"auth\.token_url must start with https://"):
        model.model_validate({"base_url": "https://t.example", **plain})
    model.model_validate({"base_url": "https://t.example", "plain_http": True, **plain})


@pytest.mark.parametrize("name", registry.names())
def test_every_connector_names_each_address_that_it_calls(name: str) -> None:
    """A setting with an address that `addresses` leaves out would be spoken to by any scheme."""
    settings = registry.load(name).settings
    own = {field for field in settings.model_fields if field.endswith("url")}
    inner = "token_url" in str(settings.model_fields["auth"].annotation) or any(
        "token_url" in getattr(one, "model_fields", {})
        for one in getattr(settings.model_fields["auth"].annotation, "__args__", ())
    )

    assert own == {"base_url"}
    assert inner is (settings.addresses is not ConnectorSettings.addresses)
