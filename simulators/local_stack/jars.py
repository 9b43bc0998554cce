"""Where the broker's Java code comes from."""

from pathlib import Path

from simulators.local_stack.cache import cache_folder, fetch
from simulators.local_stack.locked_files import KAFKA
from simulators.local_stack.progress import ProgressSink


def kafka_jars(progress: ProgressSink) -> Path:
    """The folder that holds every jar of the lock, filled first where something is missing."""
    return fetch(KAFKA, cache_folder() / f"kafka-{KAFKA.key}", progress)
