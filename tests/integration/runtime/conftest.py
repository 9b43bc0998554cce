"""One real stack and one shop for the folder; each test is an application of its own."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.local_stack import LocalStack
from tests.integration.cli.desk import Desk
from tests.integration.runtime.site import PARTITIONS, SOURCE, Site
from tests.processes import Shop

MakeSite = Callable[..., Site]
COMMERCE = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
_NUMBER = itertools.count(1)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack") / "stack") as started:
        yield started


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    started = Shop(tmp_path_factory.mktemp("shop"))
    started.start()
    started.wait_ready()
    started.seed(products=["in-the-catalogue"], sources=["default", SOURCE])
    yield started
    started.end()


@pytest.fixture(scope="module")
def make_site(stack: LocalStack, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeSite]:
    """A site by its settings, with topics, schemas and a group that starts at the end of the shared topics."""
    made: list[Site] = []

    def make(**settings: str) -> Site:
        folder: Path = tmp_path_factory.mktemp("site")
        own = {
            "STREAMS_APP_ID": f"site-{next(_NUMBER)}",
            "STREAMS_DATA_DIR": str(folder / "a-data"),
            "STREAMS_WEB__PORT": "1",
            "STREAMS_KAFKA__PARTITIONS": str(PARTITIONS),
            "STREAMS_KAFKA__SESSION_TIMEOUT_S": "6",
            "STREAMS_INVENTORY__WINDOW_MS": "100",
            f"{COMMERCE}BASE_URL": shop.url,
            f"{COMMERCE}AUTH__KIND": "token",
            f"{COMMERCE}AUTH__USERNAME": "integration",
            f"{COMMERCE}AUTH__PASSWORD": "simulated-password-1",
            f"{COMMERCE}SETTLE_S": "2",
        }
        made.append(Site(Desk({**stack.environment(), **own, **settings}), shop, folder))
        return made[-1].begin()

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("STREAMS_")]:
            patch.delenv(name)
        yield make
    for one in made:
        one.end()


@pytest.fixture
def site(make_site: MakeSite) -> Iterator[Site]:
    made = make_site()
    yield made
    made.end()
