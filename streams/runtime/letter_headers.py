"""What the `dl_…` headers of a letter tell: one reading of them, for the pages and for the command line."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.runtime.dead_letters import PREFIX

RETRY_OF = "streams-retry-of"
"""Header of a record that was sent again: the id of its letter."""


class Told(NamedTuple):
    """None is what a letter does not tell, or not as this release writes it; the last header of a name counts."""

    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None
    detail: str = ""
    size: int | None = None
    attempts: int = 1
    app: str = ""
    file: str | None = None
    beside: str | None = None
    sha256: str | None = None
    is_null: bool = False
    """The record had no value; else a letter without bytes stands for an empty one, or for a file."""


def told(headers: Iterable[tuple[str, bytes | None]]) -> Told:
    """Never raises for what bytes say: what is no UTF-8 is written out."""
    found = {name.removeprefix(PREFIX): _text(value) for name, value in headers if name.startswith(PREFIX) and value}
    return Told(
        topic=found.get("topic"),
        partition=_whole(found.get("partition")),
        offset=_whole(found.get("offset")),
        reason=found.get("reason"),
        detail=found.get("detail", ""),
        size=_whole(found.get("size")),
        attempts=_whole(found.get("attempts")) or 1,
        app=found.get("app", ""),
        file=found.get("file"),
        beside=found.get("beside"),
        sha256=found.get("sha256"),
        is_null=found.get("null_value") == "true",
    )


def _text(value: bytes) -> str:
    return bytes(value).decode("utf-8", "backslashreplace")


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
