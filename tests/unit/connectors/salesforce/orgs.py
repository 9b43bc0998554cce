"""The connector on an org that is a function, and a key that opens nothing."""

from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.core.calls import Dependencies
from connectors.core.order_ports import CrmTarget
from connectors.salesforce.opening import open_ports
from connectors.salesforce.settings import Settings
from tests.fakes.clock import FakeClock

Handler = Callable[[httpx.Request], httpx.Response]
SECRET = {"kind": "client_credentials", "consumer_key": "app", "consumer_secret": "canary"}


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pem(bits: int = 2048) -> str:
    made = key() if bits == 2048 else generate_private_key(public_exponent=65537, key_size=bits)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def settings(**given: Any) -> Settings:  # any setting by name
    plain = {"base_url": "https://org.example", "price_book_id": "01s000000000000001", "auth": SECRET}
    return Settings.model_validate(plain | given)


def crm(handler: Handler, **given: Any) -> CrmTarget:
    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/services/oauth2/token":
            return httpx.Response(200, json={"access_token": "token"})
        return handler(request)

    dependencies = Dependencies(clock=FakeClock(), transport=httpx.MockTransport(answers))
    ports = open_ports(settings(**given), dependencies)
    assert ports.crm is not None
    return ports.crm
