"""A worker whose directory cannot be used says which and why in one line, and ends with exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.runtime.conftest import MakeSite
from tests.integration.runtime.site import Site

pytestmark = pytest.mark.integration

HOLD = """
import fcntl, sys
with open(sys.argv[1], "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def left(make_site: MakeSite) -> Site:
    """A worker worked here, and was stopped."""
    site = make_site()
    assert site.ready().stop() == 0
    return site


def _data(site: Site) -> Path:
    return site.workers[0].data


def test_a_store_that_another_process_has_open_is_named(left: Site) -> None:
    (store,) = _data(left).rglob("stock-write-0.rocksdb")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store / "LOCK")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        line = left.refusal()
    finally:
        holder.communicate()

    assert str(store) in line
    assert "another process has it open: give each worker its own STREAMS_DATA_DIR" in line


@pytest.mark.parametrize("inside", ["", "v1/tables"])
def test_a_directory_that_is_read_only_is_named(left: Site, inside: str) -> None:
    folder = _data(left) / inside
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", str(folder), str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("2026-11-21: a directory can be mounted read-only only by root")
    try:
        line = left.refusal()
    finally:
        subprocess.run(["umount", str(folder)], check=True)

    assert str(folder) in line
    assert "read-only" in line
    assert "STREAMS_DATA_DIR" in line
