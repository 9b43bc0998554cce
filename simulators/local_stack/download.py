"""Brings one file from a Maven repository to the disk, and explains a failure without ever showing a password."""

import base64
import contextlib
import hashlib
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulators.local_stack import clock
from simulators.local_stack.disk import writing
from simulators.local_stack.errors import DownloadFailedError
from simulators.local_stack.repository import Repository

CHUNK = 1 << 18
TIMEOUT_S = 60.0
PAUSES_S = (1.0, 2.0, 4.0)
FINAL_STATUS = frozenset({401, 403, 404, 407, 410})
"""Answers that the same request will get again."""
AUTHORITY_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")


@dataclass(frozen=True)
class Received:
    """What really came."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Downloader:
    """`pause` takes seconds; it is an argument so that a test of a dead mirror need not wait."""

    repository: Repository
    pause: Callable[[float], None] = clock.sleep

    def save(self, path: str, target: Path, count: Callable[[int], None]) -> Received:
        """Write the file at `path` of the repository into `target`; a passing fault is tried again.

        Raises:
            DownloadFailedError: the last attempt failed, or the answer was final.
            DiskFullError: no space for `target`.
        """
        for pause in (*PAUSES_S, None):
            try:
                return self._attempt(path, target, count)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, urllib.error.HTTPError):
                    error.close()  # it holds the connection
                if pause is None or _status(error) in FINAL_STATUS:
                    raise self._failed(path, error) from None
                self.pause(pause)
        raise AssertionError("the last pause is None")

    def _attempt(self, path: str, target: Path, count: Callable[[int], None]) -> Received:
        digest, size = hashlib.sha256(), 0
        try:
            with self._open(path) as answer, writing(target), target.open("wb") as out:
                while chunk := answer.read(CHUNK):
                    out.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                    count(len(chunk))
            _check_length(answer, size)
        except BaseException:
            count(-size)
            raise
        return Received(digest.hexdigest(), size)

    @contextlib.contextmanager
    def _open(self, path: str) -> Iterator[http.client.HTTPResponse]:
        request = urllib.request.Request(f"{self.repository.base}/{path}")  # noqa: S310 - http(s) only, checked there
        if self.repository.login:
            login = base64.b64encode(self.repository.login.encode()).decode()
            # Mirrors send downloads on to storage hosts, which must not see the login.
            request.add_unredirected_header("Authorization", f"Basic {login}")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=_trust()) as answer:  # noqa: S310 - see above
            yield answer

    def _failed(self, path: str, error: Exception) -> DownloadFailedError:
        status = _status(error)
        why = f"HTTP {status}" if status else getattr(error, "reason", None) or error
        return DownloadFailedError(
            f"cannot download {path.rsplit('/', 1)[1]}: {why}. Behind a mirror set MAVEN_REPOSITORY_URL; "
            "without a network put the files of the lock into KAFKA_JARS_DIR."
        )


def _trust() -> ssl.SSLContext:
    """Private authorities as pip and requests are told about them."""
    return ssl.create_default_context(cafile=next(filter(None, map(os.environ.get, AUTHORITY_VARIABLES)), None))


def _status(error: Exception) -> int | None:
    return error.code if isinstance(error, urllib.error.HTTPError) else None


def _check_length(answer: http.client.HTTPResponse, size: int) -> None:
    """A cut connection ends a read without an error (http.client)."""
    stated = answer.headers.get("Content-Length")
    if stated and int(stated) != size:
        raise OSError(f"the connection ended after {size} of {stated} bytes")
