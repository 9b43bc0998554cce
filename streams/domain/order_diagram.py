"""The order's life as a picture and as tables, made from the tables that the state machine reads."""

from collections.abc import Iterator, Sequence

from streams.domain.order_table import ABOUT, AWAITS, IMPLIED, MOVES, REFUSED_IN, OrderState

_HELD = OrderState.HELD


def mermaid() -> str:
    """A state diagram for Mermaid, one arrow per pair of states."""
    return "\n".join(("stateDiagram-v2", *_names(), *_arrows(), *_ends(), *_holds())) + "\n"


def states_table() -> str:
    """Markdown: each state, what it means, and what may not be said in it."""
    rows = [("State", "Meaning", "Refused"), ("---", "---", "---")]
    rows += [(f"`{state}`", about, _kinds(REFUSED_IN.get(state, ()))) for state, about in ABOUT.items()]
    return _table(rows)


def kinds_table() -> str:
    """Markdown: each kind of event, what it waits for, and where it leads."""
    rows = [("Event", "Waits for", "Leads to"), ("---", "---", "---")]
    rows += [(f"`{kind}`", _waits_for(kind), _leads_to(kind)) for kind in AWAITS]
    return _table(rows)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _names() -> Iterator[str]:
    for state in OrderState:
        yield f'    state "{state.value.replace("-", " ")}" as {_alias(state)}'


def _alias(state: OrderState) -> str:
    """Mermaid takes no hyphen in a name."""
    return state.name.lower()


def _arrows() -> Iterator[str]:
    yield f"    [*] --> {_alias(OrderState.EXPECTED)}"
    found: dict[tuple[OrderState, OrderState], list[str]] = {}
    for state, moves in MOVES.items():
        for kind, targets in moves.items():
            for target in targets:
                found.setdefault((state, target), []).append(kind)
    for (state, target), kinds in found.items():
        yield f"    {_alias(state)} --> {_alias(target)}: {', '.join(kinds)}"


def _ends() -> Iterator[str]:
    for state, moves in MOVES.items():
        if not moves:
            yield f"    {_alias(state)} --> [*]"


def _holds() -> Iterator[str]:
    yield f"    {_alias(OrderState.PLACED)} --> {_alias(_HELD)}: a check fails, a target refuses"
    yield f"    {_alias(_HELD)} --> {_alias(OrderState.PLACED)}: RELEASED, CORRECTED"
    yield f"    note right of {_alias(_HELD)}: from every state, and back to it"


def _kinds(kinds: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{kind}`" for kind in AWAITS if kind in kinds) or "–"


def _waits_for(kind: str) -> str:
    needed = AWAITS[kind]
    if needed is None:
        return "–" if kind == "PLACED" else "`PLACED`"
    names = " or ".join(f"`{one}`" for one in needed.kinds)
    words = {"any": "", "part": " of the same part", "lines": " of the same quantities"}[needed.how.value]
    implied = ", where its system states every step" if kind in IMPLIED else ""
    return f"{names}{words}{implied}"


def _leads_to(kind: str) -> str:
    found = [target for moves in MOVES.values() for target in moves.get(kind, ())]
    return ", ".join(f"`{target}`" for target in OrderState if target in found) or "–"
