"""What an operator may say."""

import pytest
from pydantic import ValidationError

from tests.unit.connectors.sap_s4hana.support import settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": {"kind": "oauth1"}},
        {"auth": {"kind": "basic", "username": "u"}},
        {"auth": {"kind": "basic", "username": "u", "password": ""}},
        {"client": "1000"},
        {"sales_organization": "TOOLONG"},
        {"rejection_reason": ""},
        {"conditions": {"price": "TOOLONG"}},
        {"conditions": {"colour": "PMP0"}},
        {"payment_terms": {"NET30": "TOOLONG"}},
        {"texts": {"instructions": "TX02"}},
        {"texts": {"line_note": "TX02"}},
        {"lock_codes": ["VL045"]},
        {"read_lag_s": -1},
        {"colour": "red"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_no_value_is_shown_in_a_refusal() -> None:
    with pytest.raises(ValidationError) as refused:
        settings(auth={"kind": "basic", "username": "u", "password": "a-secret", "colour": "red"})

    assert "a-secret" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    assert "secret-password" not in repr(settings())
