"""Which fields of a contract become which attributes of a frozen model, so that nothing else is read.

A model's attribute has the name of its field.  `lifted` attributes stand one record deeper in the contract
(`reference.commerce_order` → `commerce_order`) and are None where that record is absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, get_args, get_type_hints

import msgspec

from schemas.avro_types import ArrayType, Field, Node, RecordType, Schema, UnionType
from schemas.errors import DecodeError

ModelT = TypeVar("ModelT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """`fields` are the contract's fields that are read; those that hold a record say how it is bound."""

    model: type[msgspec.Struct] | None
    """None: the attributes belong to the model around."""
    fields: Mapping[str, "Binding | None"]


def bind(model: type[msgspec.Struct], lifted: Mapping[str, tuple[str, str]] | None = None) -> Binding:
    """The binding of a model, from its annotations."""
    lifted = lifted or {}
    fields: dict[str, Binding | None] = {
        name: _bind_inner(annotation) for name, annotation in get_type_hints(model).items() if name not in lifted
    }
    for outer in {outer for outer, _ in lifted.values()}:
        fields[outer] = Binding(None, {inner: None for record, inner in lifted.values() if record == outer})
    return Binding(model, fields)


def _bind_inner(annotation: object) -> Binding | None:
    """The record model inside an annotation such as `tuple[Cause, ...]` or `Cause | None`."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return bind(annotation)
    return next((found for each in get_args(annotation) if (found := _bind_inner(each))), None)


def bound_part(schema: Schema, binding: Binding) -> Schema:
    """The contract without the fields that nobody reads: what happens to those cannot stop a reader."""
    return Schema(_part(schema, schema.root, binding), schema.named)


def _part(schema: Schema, node: Node, binding: Binding) -> Node:
    """What is kept whole stays the same object, so that a second use of a name stays a reference."""
    match schema.follow(node):
        case RecordType(fields=fields) as record:
            kept = tuple(_field_part(schema, each, binding) for each in fields if each.name in binding.fields)
            return node if kept == fields else replace(record, fields=kept)
        case UnionType(branches=branches):
            return UnionType(tuple(_part(schema, branch, binding) for branch in branches))
        case ArrayType(items=items):
            return ArrayType(_part(schema, items, binding))
    return node


def _field_part(schema: Schema, field: Field, binding: Binding) -> Field:
    inner = binding.fields[field.name]
    part = field.type if inner is None else _part(schema, field.type, inner)
    return field if part == field.type else replace(field, type=part)


def to_model(model: type[ModelT], binding: Binding, record: Mapping[str, object]) -> ModelT:
    """The model of a decoded record.  Raises DecodeError where the contract and the model have drifted apart."""
    flat = dict(record)
    for outer, inner in binding.fields.items():
        if inner is not None and inner.model is None:
            held = flat.pop(outer, None)
            flat.update(held if isinstance(held, dict) else dict.fromkeys(inner.fields))
    try:
        return msgspec.convert(flat, model)
    except msgspec.ValidationError as error:
        raise DecodeError("undecodable", str(error)) from error
