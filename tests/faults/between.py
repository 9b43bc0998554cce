"""What can stand between the workers and what they need: a proxy before each broker, a door before the registry."""

import json
from collections import Counter
from pathlib import Path

from simulators.local_stack.kafka import Kafka
from simulators.network import HOST, Kind, Proxy, Toxic
from tests.processes import Simulated


class Between:
    """Proxies only where the cluster has ports for them, the door only with `fronted`."""

    def __init__(self, folder: Path, kafka: Kafka, registry_url: str, *, fronted: bool) -> None:
        self._kafka, self._registry_url = kafka, registry_url
        self.proxies: dict[int, Proxy] = {}
        """By the number of the broker behind it."""
        self._door = Simulated("registry_front", folder, "--settings", json.dumps({"behind": registry_url}))
        self._fronted = fronted

    def start(self) -> None:
        if self._kafka.proxy_ports:
            ports = zip(self._kafka.brokers, self._kafka.proxy_ports, self._kafka.proxied_ports, strict=True)
            self.proxies = {broker.state.number: Proxy((HOST, real), port=port) for broker, port, real in ports}
        for proxy in self.proxies.values():
            proxy.start()
        if self._fronted:
            self._door.start()
            self._door.wait_ready()

    def end(self) -> None:
        for proxy in self.proxies.values():
            proxy.stop()
        self._door.end()

    # ── what a worker is told ────────────────────────────────────────────────────────────────────

    @property
    def bootstrap(self) -> str:
        return self._kafka.client_config(proxied=bool(self._kafka.proxy_ports))["bootstrap.servers"]

    @property
    def registry_url(self) -> str:
        return self._door.url if self._fronted else self._registry_url

    # ── what a fault does ────────────────────────────────────────────────────────────────────────

    @property
    def door(self) -> Simulated:
        assert self._fronted, "this system was made without a door before its registry"
        return self._door

    def strike(self, *toxics: Toxic, brokers: frozenset[int] | None = None) -> None:
        """On the way to these brokers, or to all."""
        assert self.proxies, "this system was made without proxies"
        for number, proxy in self.proxies.items():
            if brokers is None or number in brokers:
                proxy.strike(*toxics)

    def heal(self) -> None:
        for proxy in self.proxies.values():
            proxy.heal()

    def bites(self, kind: Kind) -> int:
        return sum((proxy.bites for proxy in self.proxies.values()), Counter[str]())[kind]
