"""Items and customers as people keep them: what is changed by hand, and when.

Facts: fields of item, price matrix and customer are those of Oracle's REST API Browser 2026.1 (isInactive, saleUnit,
isSpecialWorkOrderItem, price, creditLimit, creditHoldOverride, terms); that a change of an item's prices is a change of
the item is general knowledge.
"""

from typing import Literal

import msgspec

from simulators.netsuite.state import CustomerFacts, ItemSeed, RecordSeed, State

SEED_AT = 1_767_225_600.0
"""When everything of the seed was changed last: 2026-01-01, UTC."""


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /_sim/records; a record that is not there is made, one that is deleted is gone."""

    kind: Literal["item", "customer"]
    external_id: str
    fields: dict[str, object] = {}
    deleted: bool = False


def change(state: State, wanted: Change, now: float) -> str:
    """The record's id.  Raises ValueError for a field that it does not have, or a record that is not there."""
    id_ = (_change_item if wanted.kind == "item" else _change_customer)(state, wanted)
    state.changed_lists[wanted.kind, id_] = now
    state.lists_changed_at = now
    state.lists_version += 1
    return id_


def changed_at(state: State, kind: str, id_: str) -> float:
    return state.changed_lists.get((kind, id_), SEED_AT)


def _change_item(state: State, wanted: Change) -> str:
    items = state.seed.items
    known = next((one for one in items if one.external_id == wanted.external_id), None)
    if wanted.deleted:
        id_ = _there(known, wanted).id
        _replace(state, items=[one for one in items if one.id != id_])
        return id_
    base = known or ItemSeed(_next_id([one.id for one in items]), wanted.external_id, wanted.external_id)
    made = msgspec.convert(msgspec.to_builtins(base) | wanted.fields, ItemSeed)
    _replace(state, items=[made if one is known else one for one in items] + ([] if known else [made]))
    return made.id


def _change_customer(state: State, wanted: Change) -> str:
    customers = state.seed.customers
    known = next((one for one in customers if one.external_id == wanted.external_id), None)
    if wanted.deleted:
        id_ = _there(known, wanted).id
        _replace(state, customers=[one for one in customers if one.id != id_])
        return id_
    if known is None:
        known = RecordSeed(_next_id([one.id for one in customers]), wanted.external_id, wanted.external_id)
        _replace(state, customers=[*customers, known])
    before = state.customer_facts.get(known.id, CustomerFacts())
    state.customer_facts[known.id] = msgspec.convert(msgspec.to_builtins(before) | wanted.fields, CustomerFacts)
    return known.id


def _there(known: ItemSeed | RecordSeed | None, wanted: Change) -> ItemSeed | RecordSeed:
    if known is None:
        raise ValueError(f"no {wanted.kind} {wanted.external_id!r}")
    return known


def _replace(state: State, **parts: object) -> None:
    """The seed that a reset returns to is another value."""
    state.seed = msgspec.structs.replace(state.seed, **parts)


def _next_id(ids: list[str]) -> str:
    return str(max((int(one) for one in ids), default=100) + 1)
