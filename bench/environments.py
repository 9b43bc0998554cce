"""One virtual environment per peer, from a locked list with hashes, made once and kept in the user's cache."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

PEERS = Path(__file__).with_name("peers")
ROOT = PEERS.parent.parent
NAMES = ("raw", "quix", "faust")


def cache() -> Path:
    """Where environments are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "commerce-streams" / "bench"


class Environment:
    """`name` is that of the lock file; another lock makes another environment."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self.name, self._say = name, say
        self._lock = PEERS / f"{name}.lock"
        digest = hashlib.sha256(self._lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
        self.folder = cache() / f"{name}-{digest}"

    def ready(self) -> "Environment":
        """Made where it is missing; CalledProcessError where pip refuses."""
        if (self.folder / "made").exists():
            return self
        self._say(f"making the environment of {self.name} in {self.folder}")
        shutil.rmtree(self.folder, ignore_errors=True)
        venv.create(self.folder, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        subprocess.run([str(self._python), *install, "-r", str(self._lock)], check=True)
        (self.folder / "made").touch()
        return self

    @property
    def _python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of ours is on the path but the peers themselves."""
        return {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self, program: str, *arguments: object) -> list[str]:
        """`python -m bench.peers.PROGRAM` in this environment."""
        return [str(self._python), "-m", f"bench.peers.{program}", *map(str, arguments)]

    def versions(self, packages: Sequence[str]) -> dict[str, str]:
        """What is installed there."""
        asked = f"import json,importlib.metadata as m;print(json.dumps({{n:m.version(n) for n in {list(packages)!r}}}))"
        done = subprocess.run([str(self._python), "-c", asked], check=True, capture_output=True, text=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found
