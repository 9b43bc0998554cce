"""What a worker keeps on its disk is damaged, old, locked, read-only, full or gone.

Who runs workers restarts them when they end (docs/operations.md): the faults here do so, too.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import Worker, until

REFUSED = 2
REBUILT = "store-rebuilt"
SMALL = "8m"
LEFT_FREE = 400 << 10


# ── damage ───────────────────────────────────────────────────────────────────────────────────────


def _flipped(run: Run, file: Path) -> None:
    """One bit, anywhere."""
    whole = bytearray(file.read_bytes())
    whole[run.chance.randrange(len(whole))] ^= 1 << run.chance.randrange(8)
    file.write_bytes(whole)


def _cut(run: Run, file: Path) -> None:
    os.truncate(file, run.chance.randrange(file.stat().st_size))


def _damage(run: Run, worker: Worker, pattern: str, how: Callable[[Run, Path], None]) -> int:
    """All stores of the worker; how many files that were."""
    files = [file for file in sorted(worker.data.rglob(f"*.rocksdb/{pattern}")) if file.stat().st_size]
    for file in files:
        how(run, file)
    return len(files)


DAMAGES: Sequence[tuple[str, Callable[[Worker], object], str, Callable[[Run, Path], None]]] = (
    ("bits flipped in data files", Worker.stop, "*.sst", _flipped),
    ("data files cut", Worker.stop, "*.sst", _cut),
    ("bits flipped in write-ahead logs", Worker.kill, "*.log", _flipped),
    ("write-ahead logs cut", Worker.kill, "*.log", _cut),
    ("bits flipped in manifests", Worker.kill, "MANIFEST-*", _flipped),
)
"""What, how the worker ends before it (a clean end writes data files, a kill leaves logs), in which files, and how."""


def damaged(run: Run) -> list[Hit]:
    """Each damage to the one who writes to the shop, while it is down; then an older copy; then while it runs."""
    kept = run.at_work()
    run.live()
    assert kept.stop() == 0
    older = kept.data.with_name("older-copy")
    shutil.copytree(kept.data, older)
    kept.start()
    found = []
    for name, ended, pattern, how in DAMAGES:
        worker = run.at_work()
        run.live()
        ended(worker)
        found.append(Hit(name, _damage(run, worker, pattern, how)))
        run.back(worker)
    run.live()
    kept.kill()
    shutil.rmtree(kept.data)
    shutil.copytree(older, kept.data)
    run.back(kept)
    found.append(Hit("older copies put back", 1))
    return [*found, _while_it_runs(run), Hit("stores that were rebuilt", _rebuilt(run))]


def _while_it_runs(run: Run) -> Hit:
    """Whether it notices depends on what it reads; at the latest its next start has to."""
    worker = run.at_work()
    run.live()
    files = _damage(run, worker, "*.sst", _flipped)
    run.live()
    if worker.running:
        worker.kill()
    run.back(worker)
    return Hit("bits flipped in files of a worker that ran", files)


def _rebuilt(run: Run) -> int:
    return sum(worker.log.count(REBUILT) for worker in run.system.workers)


# ── a directory that cannot be used ──────────────────────────────────────────────────────────────


def refuses(worker: Worker, *texts: str) -> None:
    """It ends with the code for "cannot be used", and its last line says which and why."""
    code = worker.wait(120)
    line = worker.log.strip().splitlines()[-1]
    assert code == REFUSED, f"{worker.name} ended with {code}: {line}"
    missing = [text for text in texts if text not in line]
    assert not missing, f"{worker.name} said nothing of {missing}: {line}"


def unusable(run: Run) -> list[Hit]:
    """Of another worker, of another process, read-only, gone while it is used."""
    one, other = run.workers
    run.live()
    twin = Worker("twin", run.system.folder, run.system.environ)
    twin.variables["STREAMS_DATA_DIR"] = str(one.data)
    twin.start()
    refuses(twin, str(one.data), "give each worker a directory of its own")
    run.live()
    other.kill()
    with _locked(other.data):
        other.start()
        refuses(other, "another process has it open")
    with _read_only(other.data):
        other.start()
        refuses(other, str(other.data), "read-only")
    run.back(other)
    run.live()
    shutil.rmtree(other.data, ignore_errors=True)
    run.live()
    if other.running:
        other.kill()
    run.back(other)
    return [Hit("refusals with the reason", 3), Hit("directories removed from a worker that ran", 1)]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Every store of the ledger, as RocksDB locks it: nobody knows which partitions the worker gets.

    A lock of this process does not hold against others of its own.
    """
    with contextlib.ExitStack() as stack:
        for store in folder.rglob("stock-ledger-*.rocksdb"):
            fcntl.lockf(stack.enter_context((store / "LOCK").open("a")), fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", "-o", "ro", str(folder), str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def full(run: Run) -> list[Hit]:
    """A disk of its own, which fills up while the worker works; then it gets another."""
    worker = run.at_work()
    run.live()
    assert worker.stop() == 0
    worker.data.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(worker.data)], check=True)
    try:
        run.back(worker)
        run.live()
        free = shutil.disk_usage(worker.data).free
        (worker.data / "filler").write_bytes(b"\0" * max(0, free - LEFT_FREE))
        until(lambda: not worker.running, within=180, what="the worker's disk is full")
        refuses(worker, "the disk is full")
    finally:
        worker.end()
        subprocess.run(["umount", "--lazy", str(worker.data)], check=True)
    run.back(worker)
    return [Hit("workers that ended because their disk was full", 1)]


def _root() -> str:
    return "" if os.geteuid() == 0 else "only root may mount"


ALL = (
    Nemesis(
        "N19", "disk full", "a state directory on a disk of 8 MB fills up", full, trade_s=20, per_s=50, needs=_root
    ),
    Nemesis(
        "N20",
        "directory unusable",
        "locked, read-only, gone while it is used",
        unusable,
        trade_s=20,
        per_s=50,
        needs=_root,
    ),
    Nemesis("N21", "corrupt state", "bits flipped, files cut, an older copy", damaged, trade_s=20, per_s=50),
)
