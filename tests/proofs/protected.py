"""A fault test's system on brokers that let nobody do anything: users, passwords, TLS, and rights one by one."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from simulators.local_stack.kafka import Kafka
from simulators.wms.model import WAREHOUSES
from simulators.wms.simulator import SimulatorSettings, WmsSimulator
from tests.faults.between import Between
from tests.faults.system import System
from tests.processes import Process, Worker, until

USERS = ("op", "mw", "wms", "gw", "poll")
PASSWORDS = {name: f"{name}-Passw0rd-{number * 7919}" for number, name in enumerate(USERS, 11)}
OPERATOR, WORKER, WAREHOUSE, GATEWAY, POLL = USERS
TIMEOUT_S = 30.0
Rule = Mapping[str, str]
"""One row of `topics acls --format json`."""


@dataclass
class ProtectedSystem(System):
    """Three users beside the brokers' own: an operator, the worker, a warehouse; `granted` is what the worker has."""

    granted: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kafka = Kafka(self.folder / "kafka", secure=True, tls=True, extra=self.kafka_extra)
        self.between = Between(self.folder, self.kafka, self.registry_url, fronted=False)

    def start(self) -> "ProtectedSystem":
        self.kafka.start()
        self.shop.start()
        self.admin = self.brokers_own()
        for name, password in PASSWORDS.items():
            self._add_user(name, password)
        self.grant(self.printed("operator", OPERATOR))
        self.granted = self.printed("worker", WORKER)
        self.grant(self.granted)
        for command in (("topics", "apply"), ("schemas", "apply")):
            self.command(*command)
        self.grant([_rule(WAREHOUSE, "TOPIC", "wms.stock-change.v1", "WRITE")])
        self.shop.wait_ready()
        sources = sorted({warehouse.source_code for warehouse in WAREHOUSES})
        self.shop.seed(products=[f"SKU-{n:05d}" for n in range(1, self.items + 1)], sources=["default", *sources])
        properties = {name: value for name, value in self.client(WAREHOUSE).items() if name != "bootstrap.servers"}
        world = type(self.world)(items=self.items)
        self.wms = WmsSimulator(
            SimulatorSettings(
                self.kafka.bootstrap, self.registry_url, seed=self.seed, world=world, properties=properties
            )
        )
        return self

    # ── users and rights ─────────────────────────────────────────────────────────────────────────

    def _add_user(self, name: str, password: str) -> None:
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(name, info, password.encode())
        for future in self.admin.alter_user_scram_credentials([change]).values():
            future.result(TIMEOUT_S)

    def brokers_own(self) -> AdminClient:
        """May do everything."""
        return AdminClient({**self.kafka.client_config(), "log_level": 0})

    def client(self, user: str) -> dict[str, Any]:
        """For confluent-kafka, quiet."""
        return {
            **self.kafka.client_config(),
            "sasl.username": user,
            "sasl.password": PASSWORDS[user],
            "log_level": 0,
        }

    def as_user(self, user: str) -> dict[str, str]:
        config = self.kafka.client_config()
        return {
            "STREAMS_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "STREAMS_KAFKA__SASL_USERNAME": user,
            "STREAMS_KAFKA__SASL_PASSWORD": PASSWORDS[user],
            "STREAMS_KAFKA__SSL_CAFILE": config["ssl.ca.location"],
        }

    @property
    def environ(self) -> dict[str, str]:
        """Commands are an operator's."""
        return {**super().environ, **self.as_user(OPERATOR)}

    def made_worker(self, name: str, **changes: str) -> Worker:
        """Not started yet."""
        made = Worker(name, self.folder, {**self.environ, **self.as_user(WORKER), **changes})
        self.workers.append(made)
        return made

    def printed(self, part: str, user: str) -> list[Rule]:
        """What the command prints for these settings."""
        found: list[Rule] = json.loads(
            self.command("topics", "acls", "--part", part, "--principal", f"User:{user}", "--format", "json")
        )
        return found

    def grant(self, rules: Iterable[Rule]) -> None:
        for future in self.admin.create_acls([binding(rule) for rule in rules]).values():
            future.result(TIMEOUT_S)

    def take_away(self, rule: Rule) -> None:
        """Returns when the brokers no longer have it."""
        wanted = binding(rule)
        exact = AclBindingFilter(
            wanted.restype,
            wanted.name,
            wanted.resource_pattern_type,
            wanted.principal,
            wanted.host,
            wanted.operation,
            wanted.permission_type,
        )
        removed = [future.result(TIMEOUT_S) for future in self.admin.delete_acls([exact]).values()]
        assert [len(some) for some in removed] == [1], f"no such rule: {rule}"
        until(lambda: not self.admin.describe_acls(exact).result(TIMEOUT_S), within=10, what="the rule is gone")

    def process(self, part: str, user: str, *words: str, **changes: str) -> Process:
        """Another command under a user of its own, with exactly the printed rights; not started yet."""
        self.grant(self.printed(part, user))
        environ = {**self.environ, **self.as_user(user), **changes}
        return Process([sys.executable, "-m", "streams", *words], self.folder / f"{part}.log", environ)

    def refused_start(self, name: str, **changes: str) -> str:
        """What a worker prints that cannot start: one line, exit code 2."""
        worker = self.made_worker(name, **changes)
        worker.start()
        try:
            code = worker.wait(120)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker runs on:\n{worker.log[-2000:]}") from None
        lines = worker.log.splitlines()
        assert (code, len(lines)) == (2, 1), f"exit {code}:\n{worker.log}"
        return lines[0]


def binding(rule: Rule) -> AclBinding:
    kind, operation = ResourceType[rule["resource_type"]], AclOperation[rule["operation"]]
    pattern, allow = ResourcePatternType[rule["pattern_type"]], AclPermissionType[rule["permission"]]
    return AclBinding(kind, rule["resource_name"], pattern, rule["principal"], rule["host"], operation, allow)


def _rule(user: str, kind: str, name: str, operation: str) -> Rule:
    return {
        "principal": f"User:{user}",
        "host": "*",
        "resource_type": kind,
        "resource_name": name,
        "pattern_type": "LITERAL",
        "operation": operation,
        "permission": "ALLOW",
    }
