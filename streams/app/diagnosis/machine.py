"""This machine: its data directory, and its clock against the clocks of those it speaks to."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from streams.app.diagnosis.check import Check
from streams.runtime.clock import Clock
from streams.runtime.data_dir import DataDir, DataDirError
from streams.settings import Settings

LITTLE, VERY_LITTLE = 2 << 30, 200 << 20
"""Bytes free: below the first a warning, below the second a failure."""
OFF_S, FAR_OFF_S = 5, 60
"""Seconds between clocks; HTTP dates are whole seconds."""
WITHIN_S = 5.0


def data_dir(path: Path) -> Iterator[Check]:
    """Taken for a moment, as a worker would, where it is there; never made by this check."""
    place = path.resolve()
    there = next(one for one in (place, *place.parents) if one.exists())
    if place.exists():
        held = DataDir(place)
        try:
            held.take()
        except DataDirError as error:
            yield _held(error)
        else:
            held.release()
            yield Check("data directory", "ok", f"{place} can be written")
    elif there.is_dir() and os.access(there, os.W_OK):
        yield Check("data directory", "ok", f"{place} is not there yet; the first worker makes it")
    else:
        yield Check("data directory", "fail", f"{place} cannot be made in {there}", "Set STREAMS_DATA_DIR elsewhere.")
    yield _room(there)


def _held(error: DataDirError) -> Check:
    """A worker that runs there holds it: that is as it should be."""
    text = str(error)
    if "has it" in text:
        return Check("data directory", "ok", "a worker uses it")
    return Check("data directory", "fail", text)


def _room(there: Path) -> Check:
    free = shutil.disk_usage(there).free
    what = f"{free / (1 << 30):.1f} GiB free on the disk of {there}"
    if free < VERY_LITTLE:
        return Check("disk", "fail", what, "Free space, or set STREAMS_DATA_DIR to another disk.")
    return Check("disk", "warn" if free < LITTLE else "ok", what, "Tables may need more." if free < LITTLE else "")


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────


def clocks(settings: Settings, clock: Clock) -> Iterator[Check]:
    """Against whoever dates its answers: the shop, and the registry."""
    base = settings.connectors.get(settings.roles.commerce, {}).get("base_url")
    asked = {"the shop": base, "the registry": settings.schema_registry.url}
    told = {who: moment for who, url in asked.items() if url and (moment := _date(str(url))) is not None}
    if not told:
        what = "nobody dates its answers: not known whether this clock is right"
        yield Check("clock", "warn", what, "Keep the machine's clock in step (NTP).")
    for who, moment in told.items():
        off = (clock.now().astimezone(UTC) - moment).total_seconds()
        yield _compared(who, off)


def _compared(who: str, off: float) -> Check:
    if abs(off) <= OFF_S:
        return Check("clock", "ok", f"in step with {who}")
    what = f"this machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} that of {who}"
    return Check("clock", "fail" if abs(off) > FAR_OFF_S else "warn", what, "Keep both in step (NTP).")


def _date(url: str) -> datetime | None:
    """The Date header of any answer; no credential is sent, no redirect followed, nothing of the body read."""
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  checked above
    try:
        with opener.open(request, timeout=WITHIN_S) as answer:
            return _parsed(answer.headers.get("Date"))
    except urllib.error.HTTPError as error:
        with error:
            return _parsed(error.headers.get("Date"))
    except (OSError, HTTPException):
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _parsed(text: str | None) -> datetime | None:
    try:
        return None if text is None else parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
