"""The connector on an account that is a function, for tests of single requests and answers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.core.calls import Dependencies
from connectors.core.order_ports import OrderTarget
from connectors.netsuite.opening import open_ports
from connectors.netsuite.settings import Settings
from tests.fakes.clock import FakeClock
from tests.unit.connectors.core.senders import Surroundings

Handler = Callable[[httpx.Request], httpx.Response]

BASE = "https://1234567.suitetalk.api.netsuite.com"
ORDERS = f"{BASE}/services/rest/record/v1/salesOrder"
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def elliptic(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def credential(private_key: str | None = None) -> dict[str, str]:
    return {
        "kind": "m2m",
        "client_id": "client",
        "certificate_id": "certificate",
        "private_key": private_key or pem(elliptic()),
    }


def settings(**given: Any) -> Settings:  # any setting by name
    return Settings.model_validate({"base_url": BASE, "auth": credential()} | given)


def granted(value: str = "token-1", life: object = "3600") -> httpx.Response:
    return httpx.Response(200, json={"access_token": value, "expires_in": life, "token_type": "Bearer"})


def record(**given: Any) -> dict[str, Any]:  # fields of NetSuite's JSON
    return {
        "id": "7",
        "tranId": "SO7",
        "externalId": "web-1",
        "status": {"id": "B", "refName": "Ausführung ausstehend"},
        "item": {"items": [{"line": 1, "description": "#501"}, {"line": 2, "description": "#502", "isClosed": True}]},
    } | given


def saved(internal_id: str = "7") -> httpx.Response:
    return httpx.Response(204, headers={"Location": f"{ORDERS}/{internal_id}"})


def refused(status: int, code: str, detail: str = "No.", path: str = "") -> httpx.Response:
    trouble = {"detail": detail, "o:errorCode": code, **({"o:errorPath": path} if path else {})}
    return httpx.Response(status, json={"title": "Refused", "status": status, "o:errorDetails": [trouble]})


@asynccontextmanager
async def orders(
    handler: Handler, around: Surroundings | None = None, *, token: Handler | None = None, **given: Any
) -> AsyncIterator[OrderTarget]:
    """`token` answers sign-ins; without it they always succeed."""
    watched = around or Surroundings(clock=FakeClock())

    def both(request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return token(request) if token else granted()
        return handler(request)

    dependencies = Dependencies(
        clock=watched.clock, permit=watched.permit, observe=watched.seen.append, transport=httpx.MockTransport(both)
    )
    ports = open_ports(settings(**given), dependencies)
    assert ports.orders is not None
    try:
        yield ports.orders
    finally:
        await ports.close()
