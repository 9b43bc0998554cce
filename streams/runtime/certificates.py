"""When the certificates end that this process was given as files: the authorities it trusts, and its own."""

from collections.abc import Mapping
from pathlib import Path

from cryptography import x509

UNREADABLE = 0.0


class CertificateFiles:
    """By the setting that names each file; a file that is replaced is read anew."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._read: dict[str, tuple[int, float]] = {}

    def ends(self) -> dict[str, float]:
        """Setting → seconds since 1970 (UTC) when the first certificate of its file ends; 0: cannot be read.

        Cheap enough for every second: one look at each file's time.
        """
        return {setting: self._end(setting, path) for setting, path in self._files.items()}

    def _end(self, setting: str, path: Path) -> float:
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(setting)
            if known is None or known[0] != changed:
                known = self._read[setting] = (changed, first_end(path.read_bytes()))
        except (OSError, ValueError):
            return UNREADABLE
        return known[1]


def first_end(pem: bytes) -> float:
    """Of all certificates of a PEM file, keys left out; ValueError where it has none."""
    return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(pem)).timestamp()
