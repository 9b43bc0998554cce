"""Was this signed with the private key behind a public one?  RSA-SHA256 (PKCS #1 v1.5), the signature in base64.

Sources: Adobe I/O Events, "Improved and Resilient Security Verification for Webhook Events" (rsa-sha256 over the raw
payload); Adobe Commerce Webhooks, "Webhooks signature verification" (its text says HMAC, its code verifies with the
public key, over the base64 form of the raw body).
"""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST = 2048
"""Characters of a signature; a key of 8192 bits makes 1368."""


def is_signed(key: RSAPublicKey, signature: str, content: bytes) -> bool:
    """What is no signature at all is just not the right one."""
    try:
        key.verify(b64decode(signature[:LONGEST], validate=True), content, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def as_commerce_signs(body: bytes) -> bytes:
    """Commerce signs the base64 form of the bytes that it sends."""
    return b64encode(body)
