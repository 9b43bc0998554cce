"""Adobe I/O Events' two key pairs, made at start: they sign what is delivered, and their public halves are served.

Source: Adobe I/O Events, webhooks guide: RSA-SHA256 over the raw payload, two signatures with two keys, whose public
halves stand at `/prod/keys/pub-key-<random>.pem` of Adobe's static host.
"""

import base64
from collections.abc import Mapping
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FOLDER = "/prod/keys/"


class EventKeys:
    """Made when they are first needed: most tests send no events."""

    def __init__(self, names: tuple[str, str]) -> None:
        self._paths = tuple(f"{FOLDER}pub-key-{name}.pem" for name in names)

    @cached_property
    def _keys(self) -> Mapping[str, rsa.RSAPrivateKey]:
        return {path: rsa.generate_private_key(public_exponent=65537, key_size=2048) for path in self._paths}

    def public(self, path: str) -> bytes | None:
        """The PEM file at that path."""
        key = self._keys.get(path)
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) if key else None

    def headers(self, body: bytes) -> dict[str, str]:
        """Both signatures, and where their keys are."""
        found = {}
        for number, (path, key) in enumerate(self._keys.items(), 1):
            signature = key.sign(body, padding.PKCS1v15(), SHA256())
            found[f"x-adobe-digital-signature-{number}"] = base64.b64encode(signature).decode()
            found[f"x-adobe-public-key{number}-path"] = path
        return found
