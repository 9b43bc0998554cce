"""Files that hold secrets: read only where nobody else can, and read again once they were replaced."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from streams.settings.names import FILE_SUFFIX, SettingsError

Readers = Literal["owner", "group", "all"]
READERS = "STREAMS_CREDENTIAL_FILES"
"""The setting that says who beside its owner may read such a file."""
_TOO_MUCH: Mapping[str, int] = {"owner": 0o066, "group": 0o026, "all": 0o022}
"""Rights that refuse a file; whoever may change it has the secret too, so that is never allowed."""

Mark = tuple[int, int, int, int]
"""Changes whenever a file does: device, inode, size and time (ns) of the last change of its content."""


class SecretFile(NamedTuple):
    """`setting` has the suffix; no `mark`: what cannot be read twice, such as a pipe."""

    setting: str
    path: str
    text: str
    mark: Mark | None

    def renewed(self, readers: Readers) -> "SecretFile":
        """Itself while the file is as it was.  Raises SettingsError where what is there now cannot be taken."""
        if self.mark is None or self.mark == _mark_at(self.path):
            return self
        return read_secret(self.setting, self.path, readers)


def read_secret(setting: str, path: str, readers: Readers) -> SecretFile:
    """Raises SettingsError: not readable, not UTF-8, empty, or open to others."""
    try:
        with Path(path).open("rb") as file:
            found = os.fstat(file.fileno())
            _refuse_open_to_others(setting, path, found.st_mode, readers)
            text = file.read().decode("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{setting}: cannot read {path!r}: it is not UTF-8") from None
    if not text:
        raise SettingsError(f"{setting}: {path!r} is empty")
    return SecretFile(setting, path, text, _mark(found))


def refuse_open_to_others(setting: str, path: Path | str | None, readers: Readers) -> None:
    """For a file with a secret that somebody else reads; one that is not there is theirs to tell of."""
    try:
        mode = None if path is None else Path(path).stat().st_mode
    except OSError:
        return
    if mode is not None:
        _refuse_open_to_others(setting, path, mode, readers)


def _refuse_open_to_others(setting: str, path: object, mode: int, readers: Readers) -> None:
    """A public key is for everybody."""
    wrong = stat.S_IMODE(mode) & _TOO_MUCH[readers]
    if not wrong or setting.removesuffix(FILE_SUFFIX).endswith("PUBLIC_KEY"):
        return
    who = "anybody" if wrong & 0o006 else "its group"
    what = "changed" if wrong & 0o022 else "read"
    allowed = "" if wrong & 0o022 else f", or set {READERS} (docs/security.md)"
    raise SettingsError(
        f"{setting}: {str(path)!r} can be {what} by {who} (mode {stat.S_IMODE(mode):04o}): "
        f"give it to this user and `chmod 600` it{allowed}"
    )


def _mark_at(path: str) -> Mark | None:
    try:
        return _mark(Path(path).stat())
    except OSError:
        return None


def _mark(found: os.stat_result) -> Mark | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
