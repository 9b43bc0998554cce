"""What an operator may say, and what is refused at start."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.connectors.netsuite.accounts import credential, pem, rsa_key, settings


def test_the_least_that_is_needed() -> None:
    known = settings()

    assert known.max_connections == 4
    assert known.settle_s == 900
    assert known.discount_item == "commerce-discount"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"base_url": "https://1.suitetalk.api.netsuite.com/services/rest"}, "before /services"),
        ({"subsidiary": "parent"}, "subsidiary"),
        ({"guest_account": ""}, "guest_account"),
        ({"colour": "red"}, "colour"),
        ({"auth": {"kind": "m2m"}}, "client_id"),
        ({"auth": {**credential(), "kind": "oauth1"}}, "m2m"),
        ({"auth": {**credential(), "private_key": "canary"}}, "PEM private key"),
        ({"auth": {**credential(), "private_key": pem(rsa_key(1024))}}, "2048"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_without_its_value(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**given)

    assert told in str(refused.value)
    assert "canary" not in str(refused.value)
    assert "BEGIN" not in str(refused.value)


def test_the_key_is_not_shown() -> None:
    assert "BEGIN" not in repr(settings())
