"""Unpacks the schema registry once for every stack of this user, and never shows half of it."""

import json
import shutil
import tarfile
from pathlib import Path

from simulators.local_stack.cache import cache_folder, exclusive, fetch
from simulators.local_stack.disk import write_atomically, writing
from simulators.local_stack.errors import DamagedFileError
from simulators.local_stack.locked_files import REGISTRY, Lock
from simulators.local_stack.progress import Progress, ProgressSink

MARK = ".unpacked.json"


def registry_home(progress: ProgressSink, lock: Lock = REGISTRY) -> Path:
    """The folder with quarkus-run.jar; downloaded and unpacked first where it is missing or was damaged.

    Raises:
        StackError: as `cache.fetch` does.
    """
    cache = cache_folder()
    home = cache / f"registry-{lock.files[0].version}-{lock.key}"
    if not is_whole(home):
        with exclusive(cache, progress):
            if not is_whole(home):
                _install(lock, home, progress)
    return home


def is_whole(home: Path) -> bool:
    """Counts files and bytes against the mark that unpacking left: quick, and finds what a clean-up program took."""
    mark = home / MARK
    return mark.exists() and json.loads(mark.read_text()) == _contents(home)


def _contents(home: Path) -> dict[str, int]:
    files = [path for path in home.rglob("*") if path.is_file() and path.name != MARK]
    return {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}


def _install(lock: Lock, home: Path, progress: ProgressSink) -> None:
    own = home.with_name("downloads")
    archive = fetch(lock, own, progress) / lock.files[0].name
    progress(Progress(f"unpacking {lock.title}"))
    part = home.with_name(f"{home.name}.part")  # under the lock of the cache: only one of us is here
    shutil.rmtree(part, ignore_errors=True)
    try:
        unpack(archive, part)
        write_atomically(part / MARK, json.dumps(_contents(part)).encode())
        shutil.rmtree(home, ignore_errors=True)
        part.rename(home)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if archive.is_relative_to(own):  # 159 MB that nobody reads again; a folder the user named is left alone
        shutil.rmtree(own, ignore_errors=True)


def unpack(archive: Path, folder: Path) -> None:
    """Plain files and folders only: no link, no name that leaves `folder`.

    Raises:
        DamagedFileError: the archive holds anything else.
        DiskFullError: no space for it.
    """
    with tarfile.open(archive) as tar, writing(folder):
        for member in tar:
            target = (folder / member.name).resolve()
            if not target.is_relative_to(folder.resolve()) or not (member.isdir() or member.isreg()):
                raise DamagedFileError(f"{archive.name} holds an entry that is refused: {member.name}")
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif content := tar.extractfile(member):
                target.parent.mkdir(parents=True, exist_ok=True)
                with content, target.open("wb") as out:
                    shutil.copyfileobj(content, out)
