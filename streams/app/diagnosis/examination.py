"""All checks in the order in which one depends on the other; what cannot be looked at is skipped, never well."""

from collections.abc import Callable, Iterable, Iterator

from streams.app.diagnosis import brokers, machine, orders, reference, registry, target
from streams.app.diagnosis.check import Check, examined
from streams.runtime.clock import Clock
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.registry import OperatorRegistry
from streams.settings import Settings


class Examination:
    """`checks` yields lines as they are found."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._brokers = Brokers(settings.kafka)
        self._registry = OperatorRegistry(settings.schema_registry)

    def checks(self) -> Iterator[Check]:
        with self._registry:
            yield from self._checks(self._settings)

    def _checks(self, settings: Settings) -> Iterator[Check]:
        yield from examined("data directory", lambda: machine.data_dir(settings.data_dir))
        reached = examined("brokers", lambda: brokers.reach(self._brokers))
        yield from reached
        kafka: tuple[tuple[str, Callable[[], Iterable[Check]]], ...] = (
            ("topics", lambda: brokers.topics(settings, self._brokers)),
            ("rights", lambda: brokers.rights(settings, self._brokers)),
            ("group", lambda: brokers.group(settings, self._brokers)),
            ("clock", lambda: brokers.clock(self._brokers, self._clock)),
            ("checks", lambda: reference.fed(settings, self._brokers, self._clock)),
        )
        for name, look in kafka:
            yield from _if(reached, name, look, "the brokers do not answer")
        known = examined("registry", lambda: registry.reach(self._registry))
        yield from known
        yield from _if(known, "schemas", lambda: registry.schemas(self._registry), "the registry does not answer")
        yield from _if(
            [*reached, *known],
            "orders",
            lambda: orders.hold_back(settings, self._brokers, self._registry),
            "brokers and registry must answer",
        )
        yield from examined("target", lambda: target.answers(settings, self._clock))
        yield from examined("clock", lambda: machine.clocks(settings, self._clock))


def _if(before: list[Check], name: str, look: Callable[[], Iterable[Check]], why: str) -> list[Check]:
    if any(check.verdict == "fail" for check in before):
        return [Check(name, "skipped", f"not looked at: {why}")]
    return examined(name, look)
