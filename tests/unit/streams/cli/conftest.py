"""No setting of the machine reaches a test: each one says what it needs."""

import os
from collections.abc import Iterator

import pytest

from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.stand_in import standing_in


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STREAMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """With brokers that nobody else has, and nothing in them."""
    with standing_in() as one:
        yield one
