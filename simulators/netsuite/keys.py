"""A key pair for who wants to sign in: made at start, because a private key has no place in a repository."""

import os
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class KeyPair(NamedTuple):
    """Both parts in PEM; the private one is the client's."""

    private: str
    public: str


def new_pair() -> KeyPair:
    """An EC key on P-256, for ES256."""
    return _pair(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def pair_in(path: Path) -> KeyPair:
    """The pair of the private key in that file; the file is made, readable by its owner only, where there is none.

    Raises ValueError for a file that holds no private key, OSError where it cannot be read or made.
    """
    if path.exists():
        return _pair(path.read_bytes())
    pair = new_pair()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(pair.private)
    return pair


def _pair(pem: bytes) -> KeyPair:
    public = load_pem_private_key(pem, password=None).public_key()
    return KeyPair(pem.decode(), public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
