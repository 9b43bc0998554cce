"""Looks at what runs below a folder, for people and for programs."""

from dataclasses import asdict, dataclass

from simulators.local_stack.stack import LocalStack


@dataclass(frozen=True)
class PartStatus:
    """One server; `why` is the line of its log that explains an end, empty while it runs."""

    name: str
    address: str
    running: bool
    pid: int
    why: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def parts(stack: LocalStack) -> list[PartStatus]:
    """Every server that was ever started there; empty for a folder without a stack."""
    found = [
        PartStatus(
            broker.name, broker.address, broker.alive, broker.state.pid, "" if broker.alive else broker.complaint()
        )
        for broker in stack.kafka.brokers
    ]
    registry = stack.registry
    if registry.pid:
        running = registry.running
        found.append(
            PartStatus("registry", registry.url, running, registry.pid, "" if running else registry.complaint())
        )
    return found
