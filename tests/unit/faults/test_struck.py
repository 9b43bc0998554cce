"""A fault strikes the writes of every target, and is counted over all of them."""

from typing import Any, cast

from tests.faults.struck import Struck, Written
from tests.processes import Simulated


class Target:
    """As a simulator's own interface is asked."""

    def __init__(self, hits: int) -> None:
        self.rules: list[dict[str, object]] = []
        self._hits, self.healed = hits, False

    def fault(self, **rule: object) -> int:
        self.rules.append(rule)
        return 40 + len(self.rules)

    def hits(self, rule: int) -> int:
        return self._hits if rule == 41 else 0  # noqa: PLR2004  the first

    def heal(self) -> None:
        self.healed = True

    def journal(self) -> list[dict[str, Any]]:
        return [{"kind": "request", "seq": self._hits}, {"kind": "late-effect", "seq": 9}]


def test_every_target_gets_the_rule_for_its_own_writes_and_the_hits_add_up() -> None:
    erp, crm = Target(2), Target(3)
    struck = Struck(
        {
            "erp": Written(cast("Simulated", erp), "/orders", ("POST",)),
            "crm": Written(cast("Simulated", crm), "/records", ("PATCH",)),
        }
    )

    rule = struck.fault(kind="status", status=503)

    assert erp.rules == [{"path": "/orders", "methods": ["POST"], "kind": "status", "status": 503}]
    assert crm.rules == [{"path": "/records", "methods": ["PATCH"], "kind": "status", "status": 503}]
    assert struck.hits(rule) == 5  # noqa: PLR2004  two and three
    assert [entry["seq"] for entry in struck.requests()] == [2, 3]
    struck.heal()
    assert (erp.healed, crm.healed) == (True, True)
