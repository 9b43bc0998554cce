"""Where records are read again beside the workers: a directory that goes with the command, and a way to read bytes."""

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.app.replay.one_try import OneTry
from streams.cli.session import Session
from streams.runtime.operating.registry import OperatorRegistry
from streams.runtime.serde import Serde


@contextmanager
def workshop(session: Session) -> Iterator[tuple[Path, Serde]]:
    """Nothing of it is left afterwards."""
    with (
        _fewer_walks(),
        OperatorRegistry(session.settings.schema_registry) as registry,
        tempfile.TemporaryDirectory(prefix="commerce-streams-") as folder,
    ):
        yield Path(folder), Serde(OneTry(registry), session.clock)


@contextmanager
def _fewer_walks() -> Iterator[None]:
    """As in a worker: most of the collector's walks through many small records find no garbage."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
