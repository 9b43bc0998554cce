"""One request and one answer as plain values: a vendor's rules can then run later, or without any socket."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from simulators.core import wire
from simulators.core.faults import Rule


@dataclass(frozen=True, slots=True)
class Call:
    """What came over the wire; `path` and `query` still percent-encoded, header names in small letters.

    `rule` is set for a fault kind of the vendor's own; `admitted` where the credential was looked at before.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: float = 0.0
    rule: Rule | None = None
    admitted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


@dataclass(slots=True)
class Note:
    """What the vendor's rules tell the journal about a request."""

    effect: bool = False
    detail: dict[str, object] = field(default_factory=dict)


Control = Callable[[Call, Note], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """One more route under /_sim/; `journal_kind` names its journal entries, None writes none."""

    method: str
    path: str
    run: Control
    journal_kind: str | None = None


class Vendor(Protocol):
    """One vendor's API: everything that is not the same for all simulators."""

    name: str
    fault_options: Mapping[str, frozenset[str]]

    async def answer(self, call: Call, note: Note) -> Answer:
        """Do what the vendor would do."""
        ...

    def admit(self, call: Call) -> Answer | None:
        """Look at the credential only: a refusal, or None.  What is admitted may take effect after its session."""
        ...

    def error_answer(self, status: int) -> Answer:
        """The body that this vendor or its gateway sends with a status that no rule of its own produced."""
        ...

    def refuse_credential(self, call: Call) -> Answer:
        """The 401 of this vendor."""
        ...

    def expire_sessions(self) -> None:
        """Forget every token that was handed out."""
        ...

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """The body as JSON for the journal, without credentials."""
        ...

    def read_state(self) -> object:
        """Everything a person or a checker may want to see; JSON-able."""
        ...

    def replace_state(self, document: bytes) -> None:
        """Replace parts of state and seed by a JSON document.  Raises ValueError that says what is wrong."""
        ...

    def reset(self) -> None:
        """Back to the seed."""
        ...

    def controls(self) -> list[ControlRoute]:
        """Routes of this vendor under /_sim/."""
        ...


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, body=wire.encode(value), headers=headers or {})
