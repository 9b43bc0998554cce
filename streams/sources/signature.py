"""Who sent this?  An HMAC-SHA256 over `id.timestamp.body`, compared in constant time, and not older than five minutes.

Source: Standard Webhooks 1.0.0, symmetric signatures: headers, the `v1` form, several signatures in one header so that
a secret can be replaced, and no full stop in an id (it would let two messages share one signed text).
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple

MICROS = 1_000_000
TOLERANCE_S = 300
"""Both ways; the tolerance of the reference libraries."""
SCHEME = "v1,"
_ID = re.compile(r"[!-\-/-~]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class UnsignedError(Exception):
    """Not signed as it must be; `reason` is a word for the log, never for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claim(NamedTuple):
    """What a request says of itself before anything of it is believed; `signatures` in base64."""

    id: str
    timestamp: str
    signatures: tuple[bytes, ...]


def claim_of(webhook_id: str, timestamp: str, signature: str, *, now: int) -> Claim:
    """The three headers, well-formed and of this time; `now` in µs.  Raises UnsignedError."""
    if not (webhook_id and timestamp and signature):
        raise UnsignedError("no-signature")
    if not _ID.fullmatch(webhook_id):
        raise UnsignedError("bad-id")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise UnsignedError("bad-timestamp")
    if abs(now - int(timestamp) * MICROS) > TOLERANCE_S * MICROS:
        raise UnsignedError("not-of-this-time")
    ours = tuple(one.removeprefix(SCHEME) for one in signature.split(" ") if one.startswith(SCHEME))
    if not ours:
        raise UnsignedError("no-known-scheme")
    return Claim(webhook_id, timestamp, tuple(one.encode("utf-8", "surrogateescape") for one in ours))


def check(claim: Claim, body: bytes, keys: Sequence[bytes]) -> None:
    """Raises UnsignedError.  Every signature is compared with every key, so that the time tells nothing."""
    content = b".".join((claim.id.encode(), claim.timestamp.encode(), body))
    expected = [b64encode(hmac.digest(key, content, "sha256")) for key in keys]
    equal = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in claim.signatures]
    if not any(equal):
        raise UnsignedError("wrong-signature")
