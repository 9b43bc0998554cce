"""The statement is one that another implementation believes, and no key shows."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, RSAKey
from pydantic import SecretStr

from connectors.netsuite import assertion
from tests.unit.connectors.netsuite.accounts import elliptic, pem, rsa_key

NOW = datetime(2026, 3, 2, 8, 15, 30, 900_000, tzinfo=UTC)
AUDIENCE = "https://1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"


def statement(key: str) -> str:
    signing = assertion.load(SecretStr(key))
    return assertion.statement(signing, client_id="client", certificate_id="cert", audience=AUDIENCE, now=NOW)


@pytest.mark.parametrize(
    ("algorithm", "curve"), [("ES256", ec.SECP256R1), ("ES384", ec.SECP384R1), ("ES512", ec.SECP521R1)]
)
def test_an_elliptic_key_signs_what_another_library_believes(algorithm: str, curve: type[ec.EllipticCurve]) -> None:
    key = pem(elliptic(curve))

    read = jwt.decode(statement(key), ECKey.import_key(key), algorithms=[algorithm])

    assert read.header == {"typ": "JWT", "alg": algorithm, "kid": "cert"}


def test_an_rsa_key_signs_what_another_library_believes() -> None:
    key = pem(rsa_key())

    read = jwt.decode(statement(key), RSAKey.import_key(key), algorithms=["PS256"])

    assert read.header == {"typ": "JWT", "alg": "PS256", "kid": "cert"}
    assert read.claims == {
        "iss": "client",
        "scope": "rest_webservices",
        "aud": AUDIENCE,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
    }


def test_another_key_is_not_believed() -> None:
    with pytest.raises(BadSignatureError):
        jwt.decode(
            statement(pem(elliptic())),
            ECKey.import_key(pem(ec.generate_private_key(ec.SECP256R1()))),
            algorithms=["ES256"],
        )


def test_a_key_on_one_line_is_the_same_key() -> None:
    assert assertion.load(SecretStr(pem(elliptic()).replace("\n", "\\n"))).algorithm == "ES256"


def _locked() -> str:
    locked = BestAvailableEncryption(b"a password")
    return elliptic().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()


def _edwards() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _koblitz() -> str:
    return pem(ec.generate_private_key(ec.SECP256K1()))


@pytest.mark.parametrize("key", ["", "canary", "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="not a PEM private key") as refused:
        assertion.load(SecretStr(key))

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("make", [_edwards, _koblitz])
def test_a_key_that_netsuite_does_not_take_is_refused(make: Callable[[], str]) -> None:
    with pytest.raises(ValueError, match="must be RSA"):
        assertion.load(SecretStr(make()))


def test_a_key_with_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="without password"):
        assertion.load(SecretStr(_locked()))


def test_a_short_rsa_key_is_refused() -> None:
    with pytest.raises(ValueError, match="2048"):
        assertion.load(SecretStr(pem(rsa_key(1024))))
