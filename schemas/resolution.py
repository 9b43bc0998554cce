"""How values of a writer's schema become values of a reader's: decided once per pair, then only followed.

The rules are those of the Avro specification 1.12, "Schema Resolution", with our meaning of logical types on top:
a decimal is read as a whole number of micros whatever the writer's scale (0 to 6), a timestamp as microseconds.
What does not fit becomes `Impossible` and says which field and why; nothing is guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.avro_types import (
    ArrayType,
    DecimalScale,
    EnumType,
    Field,
    Fixed,
    Kind,
    MapType,
    Node,
    Primitive,
    RecordType,
    Schema,
    UnionType,
    describe,
    unqualified,
)
from schemas.errors import DecodeError

MICRO_DIGITS = 6
PROMOTIONS: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
TIMESTAMPS: Final[Mapping[str, int]] = {"": 1, "timestamp-micros": 1, "timestamp-millis": 1000}


@dataclass(frozen=True, slots=True)
class Plain:
    """A primitive as it is, or promoted to `to`."""

    kind: Kind
    to: Kind


@dataclass(frozen=True, slots=True)
class Instant:
    """Microseconds: what is written times `factor`."""

    kind: Kind
    factor: int


@dataclass(frozen=True, slots=True)
class Micros:
    """Micros: the number in the bytes times `factor`; a number of `bound` or more has digits that do not belong."""

    factor: int
    bound: int
    size: int | None = None  # of a fixed type


@dataclass(frozen=True, slots=True)
class Octets:
    """The bytes of a fixed type."""

    size: int


@dataclass(frozen=True, slots=True)
class Symbols:
    """The reader's symbol for each index of the writer; None where it has none and no default."""

    table: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Items:
    item: "Plan"


@dataclass(frozen=True, slots=True)
class Entries:
    value: "Plan"


@dataclass(frozen=True, slots=True)
class Choice:
    """One plan for each branch of the writer's union."""

    branches: tuple["Plan", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One field of the writer, in its order; without a target it is passed over."""

    name: str
    written: Node
    target: str | None = None
    plan: "Plan | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """One record; `defaults` are the reader's fields that the writer does not send."""

    reader: RecordType
    steps: tuple[Step, ...]
    defaults: Mapping[str, object] = field(default_factory=dict)
    missing: tuple["Impossible", ...] = ()


@dataclass(frozen=True, slots=True)
class Impossible:
    where: str
    why: str

    def __str__(self) -> str:
        return f"field {self.where}: {self.why}" if self.where else f"the record: {self.why}"


Plan = Plain | Instant | Micros | Octets | Symbols | Items | Entries | Choice | Fields | Impossible


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field's type on both sides."""

    where: str
    written: Node
    wanted: Node


def resolve(writer: Schema, reader: Schema) -> Plan:
    """The way from one to the other; look at `problems` before following it."""
    return _Pairing(writer, reader).pair(writer.root, reader.root, "")


def leaves(writer: Schema, reader: Schema) -> tuple[Leaf, ...]:
    """Every plain type that a value of the one could take to the other, fitting or not."""
    pairing = _Pairing(writer, reader)
    pairing.pair(writer.root, reader.root, "")
    return tuple(pairing.leaves)


def problems(plan: Plan) -> tuple[Impossible, ...]:
    """What no record can be read with: a union's branch counts only where every branch is impossible."""
    return _collect(plan, lambda branches: [one for one in branches if one] if all(branches) else [])


def require(plan: Plan) -> None:
    """Raises DecodeError `undecodable` naming the fields, where no record can be read."""
    hindrances = problems(plan)
    if hindrances:
        raise DecodeError("undecodable", "; ".join(str(one) for one in hindrances))


def doubts(plan: Plan) -> tuple[Impossible, ...]:
    """What some record cannot be read with: every impossible branch counts."""
    return _collect(plan, lambda branches: [one for one in branches if one])


Found = list[tuple[Impossible, ...]]


def _collect(plan: Plan, of_union: Callable[[Found], Found]) -> tuple[Impossible, ...]:
    match plan:
        case Impossible():
            return (plan,)
        case Items(item=inner) | Entries(value=inner):
            return _collect(inner, of_union)
        case Choice(branches=branches):
            return tuple(
                one for found in of_union([_collect(branch, of_union) for branch in branches]) for one in found
            )
        case Fields():
            followed = [_collect(step.plan, of_union) for step in plan.steps if step.plan is not None]
            return tuple(one for found in followed for one in found) + plan.missing
    return ()


class _Pairing:
    """Walks both trees side by side; the reader's tree bounds the walk."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self._writer = writer
        self._reader = reader
        self._open: list[str] = []
        self.leaves: list[Leaf] = []

    def pair(self, written: Node, wanted: Node, where: str) -> Plan:
        written, wanted = self._writer.follow(written), self._reader.follow(wanted)
        if isinstance(written, UnionType):
            return Choice(tuple(self.pair(branch, wanted, where) for branch in written.branches))
        if isinstance(wanted, UnionType):
            return self._first_fitting(written, wanted, where)
        return self._pair_single(written, wanted, where)

    def _first_fitting(self, written: Node, wanted: UnionType, where: str) -> Plan:
        """Where none fits, a branch of the same complex type tells more than the whole union."""
        branches = [self._reader.follow(branch) for branch in wanted.branches]
        plans = [self.pair(written, branch, where) for branch in branches]
        fitting = [plan for plan in plans if not problems(plan)]
        alike = not isinstance(written, Primitive)
        telling = [
            plan for plan, branch in zip(plans, branches, strict=True) if alike and type(branch) is type(written)
        ]
        return next(iter(fitting or telling), _misfit(written, wanted, where))

    def _pair_single(self, written: Node, wanted: Node, where: str) -> Plan:  # noqa: PLR0911 - one for each type
        self.leaves.append(Leaf(where, written, wanted))
        match written, wanted:
            case Primitive(), Primitive():
                return _pair_primitives(written, wanted, where)
            case Fixed(), Fixed():
                return _pair_fixed(written, wanted, where)
            case EnumType(), EnumType():
                return _pair_enums(written, wanted, where)
            case ArrayType(), ArrayType():
                return Items(self.pair(written.items, wanted.items, f"{where}[]"))
            case MapType(), MapType():
                return Entries(self.pair(written.values, wanted.values, f"{where}{{}}"))
            case RecordType(), RecordType():
                return self._pair_records(written, wanted, where)
        return _misfit(written, wanted, where)

    def _pair_records(self, written: RecordType, wanted: RecordType, where: str) -> Plan:
        if not _same_name(written, wanted):
            return _misfit(written, wanted, where)
        if wanted.name in self._open:
            return Impossible(where, f"the reader's record {unqualified(wanted.name)} contains itself")
        self._open.append(wanted.name)
        sources = _sources(written, wanted)
        steps = tuple(self._step(each, sources.get(each.name), where) for each in written.fields)
        self._open.pop()
        sent = {each.name for each in sources.values()}
        absent = [each for each in wanted.fields if each.name not in sent]
        defaults = {each.name: each.default for each in absent if each.has_default}
        why = "the writer does not send it and it has no default"
        missing = tuple(Impossible(_path(where, each.name), why) for each in absent if not each.has_default)
        return Fields(wanted, steps, defaults, missing)

    def _step(self, written: Field, wanted: Field | None, where: str) -> Step:
        if wanted is None:
            return Step(written.name, written.type)
        return Step(
            written.name, written.type, wanted.name, self.pair(written.type, wanted.type, _path(where, wanted.name))
        )


def _sources(written: RecordType, wanted: RecordType) -> dict[str, Field]:
    """The reader's field for each field of the writer: by name, else by the reader's aliases, each used once."""
    sources = {each.name: each for each in wanted.fields if written.field(each.name)}
    for each in wanted.fields:
        if each.name not in sources:
            alias = next((name for name in each.aliases if written.field(name) and name not in sources), None)
            if alias is not None:
                sources[alias] = each
    return sources


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _misfit(written: Node, wanted: Node, where: str) -> Impossible:
    return Impossible(where, f"{describe(written)} cannot be read as {describe(wanted)}")


def _same_name(written: RecordType | EnumType | Fixed, wanted: RecordType | EnumType | Fixed) -> bool:
    return unqualified(written.name) == unqualified(wanted.name) or written.name in wanted.aliases


def _pair_primitives(written: Primitive, wanted: Primitive, where: str) -> Plan:
    if written.decimal or wanted.decimal:
        return _pair_decimals(written, written.decimal, wanted.decimal, None, where)
    if written.kind != wanted.kind and wanted.kind not in PROMOTIONS.get(written.kind, ()):
        return _misfit(written, wanted, where)
    if wanted.logical == "timestamp-micros":
        factor = TIMESTAMPS.get(written.logical)
        return Instant(written.kind, factor) if factor else _misfit(written, wanted, where)
    if wanted.logical and written.logical not in {"", wanted.logical}:
        return _misfit(written, wanted, where)
    return Plain(written.kind, wanted.kind)


def _pair_fixed(written: Fixed, wanted: Fixed, where: str) -> Plan:
    if not _same_name(written, wanted) or written.size != wanted.size:
        return _misfit(written, wanted, where)
    if written.decimal or wanted.decimal:
        return _pair_decimals(written, written.decimal, wanted.decimal, written.size, where)
    return Octets(written.size)


def _pair_decimals(
    written: Node, has: DecimalScale | None, wants: DecimalScale | None, size: int | None, where: str
) -> Plan:
    if has is None or wants is None:
        stated = describe(written)
        return Impossible(where, f"only one side states a decimal: {stated} has no scale, or is read without one")
    if has.scale > MICRO_DIGITS or wants.scale > MICRO_DIGITS:
        return Impossible(where, f"more than {MICRO_DIGITS} decimals: {describe(written)}")
    return Micros(*scaling(has, wants), size)


def scaling(has: DecimalScale, wants: DecimalScale) -> tuple[int, int]:
    """What one step of the written number is in micros, and the first number with too many digits for either side."""
    factor = 10 ** (MICRO_DIGITS - has.scale)
    readable = 10 ** (wants.precision - wants.scale + MICRO_DIGITS)
    return factor, min(10**has.precision, -(-readable // factor))


def _pair_enums(written: EnumType, wanted: EnumType, where: str) -> Plan:
    if not _same_name(written, wanted):
        return _misfit(written, wanted, where)
    table = tuple(symbol if symbol in wanted.symbols else wanted.default for symbol in written.symbols)
    return Symbols(table) if any(table) else _misfit(written, wanted, where)
