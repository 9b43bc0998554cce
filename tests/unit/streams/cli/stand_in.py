"""An operator's desk on librdkafka's own stand-in for brokers, with a schema registry that knows this release."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import Producer

from schemas.catalogue import CONTRACTS, OPERATOR_CONTROL
from streams.web.facts import WorkerFacts
from tests.fakes.registry import served
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import SETTINGS
from tests.unit.streams.web.asking import READ
from tests.unit.streams.web.worlds import WebClock, World


@contextmanager
def standing_in() -> Iterator[Desk]:
    """Its topics have four partitions each, and come to be when they are first asked for.

    These brokers find no offset by its time, and describe no group: what needs that is tried on real ones.
    """
    cluster = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = cluster.list_topics(timeout=10).brokers.values()
    with served() as registry:
        for contract in CONTRACTS:
            registry.add(contract.subject, json.loads(contract.schema_text))
        desk = Desk(
            {
                **SETTINGS,
                "STREAMS_KAFKA__BOOTSTRAP_SERVERS": f"{broker.host}:{broker.port}",
                "STREAMS_SCHEMA_REGISTRY__URL": registry.url,
                "STREAMS_WEB__READ_TOKEN": READ,
            }
        )
        try:
            yield desk
        finally:
            desk.close()


class Hasty(WebClock):
    """Every time it is read some seconds have passed: nothing that a page remembers is young enough."""

    def monotonic(self) -> float:
        self._monotonic += 5
        return super().monotonic()


@dataclass
class Obedient(World):
    """A worker that reads the standing orders: a run that is asked for under `key` goes on with every look at it."""

    clock: WebClock = field(default_factory=Hasty)
    desk: Desk | None = None
    key: str = ""
    goes_on: Callable[[str, int], None] = lambda _run, _look: None
    """Told the name of the run, and how often it was looked at before."""
    run_asked: str = ""
    looks: int = 0

    def facts(self) -> WorkerFacts:
        self.run_asked = self.run_asked or self._asked()
        if self.run_asked:
            self.goes_on(self.run_asked, self.looks)
            self.looks += 1
        return super().facts()

    def _asked(self) -> str:
        orders = [] if self.desk is None else self.desk.models(OPERATOR_CONTROL, self.key)
        return str(json.loads(orders[-1].value)["run"]) if orders else ""
