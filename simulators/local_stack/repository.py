"""Finds the Maven repository of this machine: a company's mirror comes before the public default."""

import os
import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from simulators.local_stack.errors import DownloadFailedError

CENTRAL = frozenset({"*", "central", "external:*"})
"""Values of <mirrorOf> that take over Maven Central (Maven settings reference, "Mirrors")."""


@dataclass(frozen=True)
class Repository:
    """Base address without a slash at its end, and `user:password` where one is needed; the login is never printed."""

    base: str
    login: str | None = field(default=None, repr=False)


def known_repository() -> Repository:
    """MAVEN_REPOSITORY_URL, else the mirror in ~/.m2/settings.xml, else the public default as jgo knows it.

    Raises:
        DownloadFailedError: none of the three is there, or the address is not http(s).
    """
    if url := os.environ.get("MAVEN_REPOSITORY_URL"):
        return from_address(url)
    settings = Path.home() / ".m2" / "settings.xml"
    if settings.exists() and (mirror := settings_mirror(settings.read_text())):
        return mirror
    return public_default()


def from_address(url: str) -> Repository:
    """Takes a login out of the address, so that no message can show it."""
    parts = urllib.parse.urlsplit(url.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise DownloadFailedError("MAVEN_REPOSITORY_URL must start with http:// or https:// and name a host")
    login, _, host = parts.netloc.rpartition("@")
    return Repository(parts._replace(netloc=host).geturl(), urllib.parse.unquote(login) or None)


def settings_mirror(text: str) -> Repository | None:
    """The mirror of Maven Central in a settings.xml and its login, if there is one."""
    expanded = re.sub(r"\$\{env\.(\w+)\}", lambda name: os.environ.get(name[1], ""), text)
    try:
        root = ET.fromstring(re.sub(r'\sxmlns="[^"]+"', "", expanded, count=1))  # noqa: S314 - the user's own file
    except ET.ParseError as error:
        raise DownloadFailedError(f"~/.m2/settings.xml is not well-formed ({error}): mend it") from None
    for mirror in root.iterfind("./mirrors/mirror"):
        if _replaces_central(mirror):
            base = (mirror.findtext("url") or "").strip().rstrip("/")
            return Repository(base, _login(root, mirror.findtext("id")))
    return None


def _replaces_central(mirror: ET.Element) -> bool:
    names = {name.strip() for name in (mirror.findtext("mirrorOf") or "").split(",")}
    return mirror.findtext("blocked") != "true" and "!central" not in names and bool(names & CENTRAL)


def _login(root: ET.Element, identifier: str | None) -> str | None:
    for server in root.iterfind("./servers/server"):
        if server.findtext("id") == identifier and server.findtext("username"):
            return f"{server.findtext('username')}:{server.findtext('password') or ''}"
    return None


def public_default() -> Repository:
    try:
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - optional: not needed with a mirror or a cache
    except ImportError:
        raise DownloadFailedError(
            "no Maven repository known: set MAVEN_REPOSITORY_URL or `pip install 'commerce-streams[local]'`"
        ) from None
    return Repository(str(MAVEN_CENTRAL_URL).rstrip("/"))
