"""Reads a header, and a body as long as it is small and quick enough; what is refused is refused before it is read."""

import asyncio
from collections.abc import Collection

from aiohttp import web

from streams.sources.answers import Reason, RefusedError

JSON = "application/json"
CLOUD_EVENTS = frozenset({JSON, "application/cloudevents+json", "application/cloudevents-batch+json"})
LIMIT = "STREAMS_GATEWAY__MAX_BODY_BYTES"
CONTINUE = "100-continue"


def check_form(request: web.Request, types: Collection[str] = frozenset({JSON})) -> None:
    """Only plain JSON in UTF-8: a compressed body could be far larger than it looks.  Raises RefusedError."""
    if request.content_type not in types or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise RefusedError(Reason.CONTENT_TYPE, f"Send it as Content-Type: {JSON}, in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError(Reason.CONTENT_TYPE, "Send the body uncompressed, without Content-Encoding.")


def only(request: web.Request, name: str) -> str:
    """The header's value; empty where it is missing, or where two of them could mean different things."""
    found = request.headers.getall(name, [])
    return found[0] if len(found) == 1 else ""


async def body_of(request: web.Request, *, at_most: int, within_s: float, limit: str = LIMIT) -> bytes:
    """The whole body; `limit` names the setting that bounds it.

    Raises RefusedError; ConnectionError where the sender is gone.
    """
    if (request.content_length or 0) > at_most:
        raise _too_large(at_most, limit)
    if request.headers.get("Expect", "").lower() == CONTINUE:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, at_most, limit)
    except TimeoutError:
        raise RefusedError(Reason.TOO_SLOW, f"The body did not come within {within_s:g} s; send it again.") from None
    except web.RequestPayloadError:
        raise RefusedError(Reason.MALFORMED, "The body is cut off or not framed as HTTP wants it.") from None


async def wait_with_body(request: web.Request) -> None:
    """Whoever asks before sending is answered only when the body is wanted: `body_of` does.

    Raises HTTPExpectationFailed for any other expectation.
    """
    if request.headers.get("Expect", "").lower() != CONTINUE:
        raise web.HTTPExpectationFailed


async def _read(request: web.Request, at_most: int, limit: str) -> bytes:
    found = bytearray()
    async for chunk in request.content.iter_any():
        found += chunk
        if len(found) > at_most:
            raise _too_large(at_most, limit)
    return bytes(found)


def _too_large(at_most: int, limit: str) -> RefusedError:
    return RefusedError(Reason.TOO_LARGE, f"The body has more than {at_most} bytes ({limit}).")
