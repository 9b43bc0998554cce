"""Bodies from outside: read to a bound, unpacked to a bound, and without our own secrets where they are quoted."""

import json
import zlib
from collections.abc import AsyncIterable
from urllib.parse import quote

_GZIP = 16 + zlib.MAX_WBITS


class UnfitAnswerError(Exception):
    """No complete answer can be had from what arrives; the text continues "an answer that …"."""


async def collect(parts: AsyncIterable[bytes], most: int) -> bytes:
    """Everything that comes, up to `most` bytes.

    Raises:
        UnfitAnswerError: more than that.
    """
    kept: list[bytes] = []
    size = 0
    async for part in parts:
        size += len(part)
        if size > most:
            raise UnfitAnswerError(f"is longer than {most} bytes")
        kept.append(part)
    return b"".join(kept)


def unpack(body: bytes, encoding: str, most: int) -> bytes:
    """Undo the Content-Encoding that we asked for (gzip), never producing more than `most` bytes.

    Raises:
        UnfitAnswerError: another encoding, damage, a cut-off stream, or a bomb.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise UnfitAnswerError("is compressed in a way that was not asked for")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as exc:
        raise UnfitAnswerError("is damaged gzip") from exc
    if len(plain) > most:
        raise UnfitAnswerError(f"unpacks to more than {most} bytes")
    if not unpacker.eof:
        raise UnfitAnswerError("ends within its gzip stream")
    return plain


def mask(body: bytes, secrets: tuple[str, ...]) -> bytes:
    """A refusal that repeats our credential must not carry it into error messages."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):  # a whole header before its parts
        for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
            body = body.replace(form.encode(), b"***")
    return body
