"""The targets of a flow as one: a fault strikes the writes of every one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.processes import Simulated

Entry = dict[str, Any]  # Any: a line of a simulator's journal


class Written(NamedTuple):
    """A target, and which of its calls write."""

    target: Simulated
    path: str
    methods: tuple[str, ...]


@dataclass
class Struck:
    """`fault` sets one rule at each target; its number stands for all of them."""

    written: Mapping[str, Written]
    _rules: list[dict[str, int]] = field(default_factory=list)

    def fault(self, **rule: object) -> int:
        self._rules.append(
            {
                name: one.target.fault(**{"path": one.path, "methods": list(one.methods), **rule})
                for name, one in self.written.items()
            }
        )
        return len(self._rules) - 1

    def hits(self, number: int) -> int:
        """How often it was met, over all targets."""
        return sum(self.written[name].target.hits(rule) for name, rule in self._rules[number].items())

    def heal(self) -> None:
        for one in self.written.values():
            one.target.heal()

    def journals(self) -> dict[str, list[Entry]]:
        """Of each target, everything."""
        return {name: one.target.journal() for name, one in self.written.items()}

    def requests(self) -> list[Entry]:
        """Of all targets, as they ended."""
        return [entry for journal in self.journals().values() for entry in journal if entry["kind"] == "request"]
