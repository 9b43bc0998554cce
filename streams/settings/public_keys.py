"""A public key of others, as a value: RSA, in PEM, of a length that is neither weak nor costly."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

LEAST_BITS, MOST_BITS = 2048, 8192
NO_KEY = "must be an RSA public key in PEM (-----BEGIN PUBLIC KEY-----)"


def rsa_key_of(pem: bytes) -> RSAPublicKey:
    """Raises ValueError, which says what it must be and quotes nothing."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(NO_KEY) from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError(NO_KEY)  # noqa: TRY004  callers ask for one error
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise ValueError(f"must be an RSA key of {LEAST_BITS} to {MOST_BITS} bits")
    return key
