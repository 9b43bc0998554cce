"""Style sheet and script, served from memory under names that carry their content: cached for ever, never stale."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

_TYPES = {"css": "text/css", "js": "text/javascript"}


class StaticFile(NamedTuple):
    """One file as it goes out."""

    body: bytes
    content_type: str


class Statics:
    """`url` gives the address of a file by its plain name."""

    def __init__(self) -> None:
        self._files: dict[str, StaticFile] = {}
        self._urls: dict[str, str] = {}
        for one in (files("streams.web") / "static").iterdir():
            stem, _, suffix = one.name.rpartition(".")
            if suffix in _TYPES:
                body = one.read_bytes()
                hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
                self._files[hashed] = StaticFile(body, _TYPES[suffix])
                self._urls[one.name] = f"/static/{hashed}"

    @property
    def urls(self) -> Mapping[str, str]:
        return self._urls

    def get(self, name: str) -> StaticFile | None:
        return self._files.get(name)
