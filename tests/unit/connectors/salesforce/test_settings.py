"""Settings say what is missing, and never show a secret; assertions say what Salesforce wants to read."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr, ValidationError

from connectors.salesforce.assertion import assertion, read_key
from tests.unit.connectors.salesforce.orgs import SECRET, key, pem, settings

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def jwt(**changes: object) -> dict[str, object]:
    return {"kind": "jwt", "consumer_key": "app", "username": "sync@example.com", "private_key": pem()} | changes


def decoded(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_each_kind_takes_exactly_its_fields() -> None:
    for auth in (jwt(), SECRET):
        taken = settings(auth=auth)
        assert taken.auth.kind == auth["kind"]
        assert "canary" not in repr(taken)
        assert "PRIVATE" not in repr(taken)
        for name in auth.keys() - {"kind"}:
            for wrong in ({one: value for one, value in auth.items() if one != name}, {**auth, name: ""}):
                with pytest.raises(ValidationError) as refused:
                    settings(auth=wrong)
                assert name in str(refused.value)
                assert "canary" not in str(refused.value)


def _curve() -> str:
    made = generate_curve(SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _locked() -> str:
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()


@pytest.mark.parametrize("made", [lambda: "canary", lambda: pem(1024), _curve, _locked, lambda: pem()[:-200]])
def test_a_key_that_cannot_sign_is_refused_at_the_start_and_not_shown(made: Any) -> None:
    with pytest.raises(ValidationError, match="private_key") as refused:
        settings(auth=jwt(private_key=made()))

    assert "canary" not in str(refused.value)
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"api_version": "62"},
        {"api_version": "v62.0"},
        {"price_book_id": "short"},
        {"price_book_id": "01s00000000000000'"},
        {"rows_per_call": 201},
        {"rows_per_call": 0},
        {"session_s": 1},
        {"auth": {"kind": "password"}},
        {"invented": 1},
    ],
)
def test_a_setting_that_cannot_work_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_an_assertion_names_app_user_and_host_lives_two_minutes_and_verifies() -> None:
    made = assertion(
        read_key(SecretStr(pem())), issuer="app", subject="sync@example.com", audience="https://login.example", now=NOW
    )

    head, claims, signature = made.split(".")
    assert decoded(head) == {"alg": "RS256", "typ": "JWT"}
    assert decoded(claims) == {
        "iss": "app",
        "sub": "sync@example.com",
        "aud": "https://login.example",
        "exp": int((NOW + timedelta(minutes=2)).timestamp()),
    }
    raw = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key().public_key().verify(raw, f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
