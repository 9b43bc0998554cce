"""Async tests of this folder run on asyncio; logs are kept from the terminal."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What was logged during the test."""
    with capture_logs() as entries:
        yield entries
