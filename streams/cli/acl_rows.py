"""Rights as an administrator grants them: rows, JSON, and the commands of Kafka's own tool."""

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from streams.rights import Part, Right

TOOL = "kafka-acls.sh"


class AclRow(NamedTuple):
    """One rule: ALLOW from any host, on one thing by its whole name (pattern type LITERAL)."""

    part: Part
    principal: str
    right: Right

    def cells(self) -> list[str]:
        right = self.right
        return [self.part, self.principal, right.kind, right.name, right.operation, right.when]

    def as_json(self) -> dict[str, str]:
        right = self.right
        return {
            "part": self.part,
            "principal": self.principal,
            "host": "*",
            "resource_type": right.kind.upper(),
            "resource_name": right.name,
            "pattern_type": "LITERAL",
            "operation": right.operation,
            "permission": "ALLOW",
            "for": right.when,
        }


def commands(rows: Iterable[AclRow], servers: str) -> Iterator[str]:
    """One line for each thing and principal; the file with the administrator's sign-in is left to whoever runs them."""
    for (principal, kind, name), some in groupby(rows, lambda row: (row.principal, row.right.kind, row.right.name)):
        words = [TOOL, "--bootstrap-server", servers, "--command-config", "admin.properties", "--add"]
        words += ["--allow-principal", principal]
        for row in some:
            words += ["--operation", operation(row.right.operation)]
        yield shlex.join([*words, f"--{kind}", name, "--resource-pattern-type", "literal"])


def operation(name: str) -> str:
    """As the tool spells it, e.g. DescribeConfigs."""
    return "".join(word.capitalize() for word in name.split("_"))
