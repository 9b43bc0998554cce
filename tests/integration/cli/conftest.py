"""One real stack for the folder; each test has an application id of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.local_stack import LocalStack
from tests.integration.cli.desk import Desk
from tests.processes import Shop

MakeDesk = Callable[[str], Desk]
COMMERCE = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack") / "stack") as started:
        yield started


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    started = Shop(tmp_path_factory.mktemp("shop"), unknown_sku="refused")
    started.start()
    yield started.wait_ready()
    started.end()


@pytest.fixture
def make_desk(
    stack: LocalStack, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Desk]]:
    """A desk by its application id; nothing was applied for it yet."""
    for name in [name for name in os.environ if name.startswith("STREAMS_")]:
        monkeypatch.delenv(name)

    def make(app_id: str) -> Desk:
        own = {
            "STREAMS_APP_ID": app_id,
            "STREAMS_DATA_DIR": str(tmp_path / "data"),
            "STREAMS_WEB__PORT": "1",
            "STREAMS_KAFKA__PARTITIONS": "2",
            f"{COMMERCE}BASE_URL": shop.url,
            f"{COMMERCE}AUTH__KIND": "token",
            f"{COMMERCE}AUTH__USERNAME": "integration",
            f"{COMMERCE}AUTH__PASSWORD": "simulated-password-1",
        }
        desks.append(Desk({**stack.environment(), **own}))
        return desks[-1]

    desks: list[Desk] = []
    yield make
    for one in desks:
        one.close()


@pytest.fixture
def desk(make_desk: MakeDesk, request: pytest.FixtureRequest) -> Desk:
    """Topics and schemas are applied."""
    made = make_desk(request.node.name[5:60].replace("_", "-"))
    made.run("topics", "apply")
    made.run("schemas", "apply")
    return made
