"""One dead letter: why it was set aside, what it says, and its bytes side by side as hex and text."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

import msgspec

from streams.runtime.operating.letter_closings import Closing
from streams.topics import WITHOUT_PEOPLE
from streams.web.letter_groups import Letter, field_of
from streams.web.letter_log import StoredLetter
from streams.web.letters_view import LetterLine, letter_line
from streams.web.need import advice, reason_title
from streams.web.words import moment

BYTES_SHOWN = 4096
ROW = 16
DECODE_S = 2.0


class HexRow(msgspec.Struct, frozen=True):
    """Sixteen bytes."""

    at: str
    hex: str
    text: str


class Decoded(msgspec.Struct, frozen=True):
    """The record's fields, or why they cannot be read."""

    fields: tuple[tuple[str, str], ...] = ()
    error: str = ""


class ClosedBy(msgspec.Struct, frozen=True):
    """What became of a letter that is over."""

    state: str
    by: str
    at: datetime
    why: str


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one letter; `withheld` says why bytes and fields are not here."""

    letter: LetterLine
    group: str
    reason: str
    title: str
    advice: str
    state: str = "open"
    closed: ClosedBy | None = None
    schema: int | None = None
    field: str = ""
    attempts: int
    set_aside_at: datetime
    sha256: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    decoded: Decoded = Decoded()
    bytes_hex: tuple[HexRow, ...] = ()
    bytes_left_out: int = 0
    withheld: str = ""
    file: str = ""
    correctable: tuple[tuple[str, str | None], ...] = ()
    """Fields that may be corrected, with their values; None where that is empty, or not for everybody."""


class Sight(NamedTuple):
    """What the asking person may see of a letter's content."""

    operate: bool
    revealed: bool


Decode = Callable[[str, bytes], Awaitable[Decoded]]


async def letter_view(
    letter: Letter, stored: StoredLetter | None, decode: Decode, sight: Sight, closing: Closing | None = None
) -> LetterView:
    """`stored` None where the bytes could not be read again, `closing` None while it is open."""
    view = LetterView(
        letter=letter_line(letter),
        group=letter.group,
        reason=letter.reason,
        title=reason_title(letter.reason),
        advice=advice(letter.reason),
        attempts=letter.attempts,
        set_aside_at=moment(letter.at),
        file=letter.file,
        state="open" if closing is None else closing.state,
        closed=None if closing is None else closed_by(closing),
        schema=letter.schema,
        field=field_of(letter.reason, letter.detail),
        withheld=withheld(letter, sight),
    )
    if view.withheld:
        return view
    if stored is None:
        gone = "Its bytes could not be read within 2 s, or left the topic (90 days)."
        return msgspec.structs.replace(view, withheld=gone)
    return await _opened(view, letter, stored, decode)


def closed_by(closing: Closing) -> ClosedBy:
    return ClosedBy(closing.state, closing.actor, moment(closing.at), closing.reason)


def withheld(letter: Letter, sight: Sight) -> str:
    """Why this person does not see the content; empty where it is shown."""
    if letter.origin_topic in WITHOUT_PEOPLE:
        return "" if sight.operate or sight.revealed else "Needs the role operate: a letter's content is not for read."
    return "" if sight.revealed else "It can name people: its content needs the role reveal, and each look is audited."


async def _opened(view: LetterView, letter: Letter, stored: StoredLetter, decode: Decode) -> LetterView:
    value = stored.value or b""
    line = msgspec.structs.replace(view.letter, key=letter.key, detail=letter.detail)
    return msgspec.structs.replace(
        view,
        letter=line,
        sha256=hashlib.sha256(value).hexdigest() if stored.value is not None else "",
        headers=tuple((name, _text(content)) for name, content in stored.headers),
        decoded=await _decoded(letter, stored, decode),
        bytes_hex=tuple(hex_rows(value[:BYTES_SHOWN])),
        bytes_left_out=max(0, len(value) - BYTES_SHOWN),
    )


async def _decoded(letter: Letter, stored: StoredLetter, decode: Decode) -> Decoded:
    if letter.file:
        return Decoded(error=f"the bytes did not fit the topic; they are in the file {letter.file} of the worker")
    if stored.value is None:
        return Decoded(error="the record has no value")
    try:
        async with asyncio.timeout(DECODE_S):
            return await decode(letter.origin_topic, stored.value)
    except TimeoutError:
        return Decoded(error="the schema registry does not answer")


def hex_rows(value: bytes) -> list[HexRow]:
    """As a hex dump: offset, bytes, and the same as text with a dot for what is none."""
    found = []
    for start in range(0, len(value), ROW):
        part = value[start : start + ROW]
        text = "".join(chr(one) if 32 <= one < 127 else "." for one in part)
        found.append(HexRow(f"{start:04x}", part.hex(" "), text))
    return found


def _text(content: bytes) -> str:
    return bytes(content or b"").decode("utf-8", "backslashreplace")
