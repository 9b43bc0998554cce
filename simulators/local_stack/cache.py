"""Keeps what was downloaded once for every stack of this user, checked by hash, also with two processes at once."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulators.local_stack.disk import writing
from simulators.local_stack.download import Downloader
from simulators.local_stack.errors import DamagedFileError
from simulators.local_stack.locked_files import Lock, LockedFile, file_sha256
from simulators.local_stack.progress import ByteCounter, Progress, ProgressSink
from simulators.local_stack.repository import known_repository

THREADS = 8


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/commerce-streams`, else `~/.cache/commerce-streams`; never inside the project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "commerce-streams"


def fetch(lock: Lock, folder: Path, progress: ProgressSink) -> Path:
    """Every file of `lock` in one folder, as pinned; what is missing comes from where the machine has it.

    Order: `$KAFKA_JARS_DIR` (also where downloads go then), `folder`, the local Maven folder (`$M2_REPO`, else
    ~/.m2/repository), the Maven repository of this machine.

    Raises:
        DownloadFailedError: a file is nowhere.
        DamagedFileError: the repository serves another content.
        DiskFullError, FolderRefusedError: the folder takes no more.
    """
    target = Path(os.environ.get("KAFKA_JARS_DIR") or folder)
    if _missing(lock, target):
        with exclusive(target, progress):
            _fill(lock, target, progress)
    return target


@contextlib.contextmanager
def exclusive(folder: Path, progress: ProgressSink) -> Iterator[None]:
    """One process fills a folder, the next one waits and finds it filled; the lock ends with its holder."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(Progress(f"waiting for another process that fills {folder}"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _missing(lock: Lock, folder: Path) -> list[LockedFile]:
    return [file for file in lock.files if not is_pinned(folder / file.name, file)]


def is_pinned(path: Path, file: LockedFile) -> bool:
    """True where `path` holds exactly what the lock names."""
    return path.exists() and path.stat().st_size == file.size and file_sha256(path) == file.sha256


def _fill(lock: Lock, folder: Path, progress: ProgressSink) -> None:
    absent = [file for file in _missing(lock, folder) if not _copied_from_maven(file, folder)]
    if not absent:
        return
    size = sum(file.size for file in absent)
    counter = ByteCounter(f"downloading {lock.title} {size / 1e6:.0f} MB", size, progress)
    downloader = Downloader(known_repository())
    pool = ThreadPoolExecutor(THREADS)
    try:
        list(pool.map(lambda file: download(downloader, file, folder / file.name, counter), absent))
    finally:
        pool.shutdown(cancel_futures=True)


def _copied_from_maven(file: LockedFile, folder: Path) -> bool:
    """A machine that builds Java has most of it already."""
    local = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository") / file.path
    if not is_pinned(local, file):
        return False
    part = _part(folder / file.name)
    with writing(part):
        shutil.copyfile(local, part)
        part.replace(folder / file.name)
    return True


def download(downloader: Downloader, file: LockedFile, target: Path, counter: ByteCounter) -> None:
    """The rename is atomic: nobody ever sees half a file, or one that is not the pinned one.

    Raises:
        DamagedFileError: the content is not what the lock file pins.
    """
    part = _part(target)
    try:
        received = downloader.save(file.path, part, counter.add)
        if received.sha256 != file.sha256:
            raise DamagedFileError(
                f"{file.name}: the repository serves another file than the SHA-256 of the lock file allows "
                f"({received.size} bytes instead of {file.size}); repair the mirror or set MAVEN_REPOSITORY_URL"
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.{os.getpid()}.part")
