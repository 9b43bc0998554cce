"""Finds the line of a server's log that says why it ended, because nobody should have to read a stack trace."""

import re
import shutil
from pathlib import Path

from simulators.local_stack.errors import (
    DiskFullError,
    NoJavaError,
    PortTakenError,
    StackError,
    StartFailedError,
)

SEVERE = re.compile(r"\s(?:ERROR|FATAL)\s")
CAUSE = re.compile(r"^(?:Caused by: |Exception in thread \S+ )?[\w.$]+(?:Exception|Error): \S")
UNCAUGHT = re.compile(r"^(?:Exception in thread|Error|Unrecognized|Invalid|Conflicting|Terminating)\b")
PREFIX = re.compile(r"^(?:Caused by: |Exception in thread \S+ )?[a-z][\w.$]*\.(?=[A-Z]\w*(?:Exception|Error): )")
FULL = re.compile(r"No space left on device|a fault occurred in an unsafe memory access operation")
"""The second is what Java says where the file of an index, mapped into memory, finds no room on the disk."""
TOO_LITTLE = 1 << 20
"""Bytes free below which a disk is full: the log stands on it as well, and cannot say so any more."""
TAKEN = re.compile(r"Address already in use|Port already bound")
OLD_JAVA = "UnsupportedClassVersionError"
LONGEST = 400


def complaint(log: Path, start: int = 0) -> str:
    """The line that explains best, of what was written from byte `start` on; empty where there is no error.

    First the cause behind the first error, then the error itself, then what Java says where nothing logs.
    """
    lines = _lines(log, start)
    severe = next((number for number, line in enumerate(lines) if SEVERE.search(line)), None)
    if severe is not None:
        line = next((line for line in lines[severe:] if CAUSE.match(line)), lines[severe])
    else:
        line = next((line for line in lines if UNCAUGHT.match(line)), "")
    return PREFIX.sub("", line)[:LONGEST]


def last_line(log: Path, start: int = 0) -> str:
    """What a server that complained of nothing said at last."""
    lines = _lines(log, start) or ["it wrote nothing"]
    return lines[-1][:LONGEST]


def failure(what: str, log: Path, start: int = 0) -> StackError:
    """The error for a server that ended by itself; a full disk, an old Java and a taken port can be mended at once."""
    text = "\n".join(_lines(log, start))
    if FULL.search(text) or shutil.disk_usage(log.parent).free < TOO_LITTLE:
        return DiskFullError(f"{what}: no space left on the disk of {log.parent}: free some, or choose another folder")
    if OLD_JAVA in text:
        return NoJavaError(
            f"{what}: the Java found here is too old: `pip install 'commerce-streams[local]'`, "
            "or set JAVA_HOME to Java 21 or newer"
        )
    why = f"{what}: {complaint(log, start) or last_line(log, start)} (whole log: {log})"
    return PortTakenError(f"{why}; choose another port") if TAKEN.search(text) else StartFailedError(why)


def _lines(log: Path, start: int) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as content:
        content.seek(start)
        return [line for line in content.read().decode(errors="replace").splitlines() if line.strip()]
