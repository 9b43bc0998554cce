"""A condition that an alert watches for, as the workers see it hold."""

from typing import Literal, NamedTuple

Severity = Literal["page", "ticket", "none"]


class Alarm(NamedTuple):
    """It fires once it has held for as long as its rule asks (`for_s`); `href` is the page that shows its cause."""

    name: str
    severity: Severity
    for_s: int
    href: str
    instance: str
    what: str
    since: int
    """µs, UTC: since when the condition holds, as far as this worker knows."""
    fires: bool


def runbook_of(name: str) -> str:
    """Its place in this project."""
    return f"docs/runbooks.md#{name.lower()}"
