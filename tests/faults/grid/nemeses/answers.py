"""The target answers, and what it says is wrong: success that is none, nothing, a login page, a dead session."""

from collections.abc import Mapping, Sequence

from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until

LOGIN_PAGE = "<!DOCTYPE html><html><body><form action='/admin'><input name='login'></form></body></html>"
NO_PRODUCT = {"message": "The product that was requested doesn't exist. Verify the product and try again."}
ERROR_INSIDE = {"message": "Could not save Source Item", "errors": [{"message": "Deadlock found"}]}
ANSWERS: Sequence[tuple[str, Mapping[str, object]]] = (
    ("200 with an error inside", {"status": 200, "body": ERROR_INSIDE, "times": 2}),
    ("200 with nothing", {"status": 200, "body": "", "content_type": "application/json", "times": 2}),
    ("200 with a login page", {"status": 200, "body": LOGIN_PAGE, "content_type": "text/html", "times": 2}),
    ("409", {"status": 409, "body": {"message": "The request conflicts with another one."}, "times": 2}),
)
UNKNOWN = ("404 for known SKUs", {"status": 404, "body": NO_PRODUCT, "times": 6})
"""Of stock: rows are set aside one by one."""
POISON = ("bad-magic", "unknown-schema-id", "truncated")


def wrong_answers(run: Run) -> list[Hit]:
    """None of these calls had an effect.  Rows that a 404 set aside are retried by a person, as the runbook says."""
    target = run.system.struck
    run.live()
    run.system.traffic.poison(6, POISON)
    found = []
    for name, said in (*ANSWERS, UNKNOWN) if run.system.sets_rows_aside else ANSWERS:
        run.live()
        rule = target.fault(kind="status", **said)
        until(lambda rule=rule: target.hits(rule) > 0, within=180, what=name)  # type: ignore[misc]
        found.append((name, rule))
    run.live()
    over = target.fault(kind="expire-sessions")
    until(lambda: target.hits(over) > 0, within=180, what="a session is over")
    hits = [Hit(name, target.hits(rule)) for name, rule in found]
    target.heal()
    run.traded()
    run.system.command("dead-letters", "retry", "--reason", "rejected-by-target", "--yes", expect=None)
    return [*hits, Hit("sessions that were over", 1)]


ALL = (Nemesis("N13", "wrong answers", "success that is none, 401, 404, 409", wrong_answers, trade_s=20, per_s=50),)
