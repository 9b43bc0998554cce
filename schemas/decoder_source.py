"""Writes the text of a decoder for one pair of schemas: it reads what a model needs and steps over the rest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby

from schemas.avro_types import ArrayType, EnumType, Fixed, MapType, Node, Primitive, RecordType, Schema, UnionType
from schemas.binding import Binding
from schemas.decoder_text import instant_lines, micros_lines, plain_lines, runtime, short_decimals
from schemas.guards import MAX_VALUE_BYTES
from schemas.resolution import (
    Choice,
    Entries,
    Fields,
    Impossible,
    Instant,
    Items,
    Micros,
    Octets,
    Plain,
    Plan,
    Step,
    Symbols,
)
from schemas.source_text import Source, UnsupportedError

ONE_BYTE_INDICES = 64
SHORTEST_RUN = 3

Put = Callable[[], None]


def decoder_source(writer: Schema, plan: Plan, binding: Binding) -> Source:
    """The text of `decode(p, i)`.  Raises UnsupportedError where only the slower way can read."""
    if not isinstance(plan, Fields):
        raise UnsupportedError("the schema describes no record")
    source = Source(runtime())
    with source.block("def decode(p, i=0):"):
        source.put("end = len(p)")
        with source.block(f"if end > {MAX_VALUE_BYTES}:"):
            source.put("check_size(end)")
        with source.block("try:"):
            values = _Reading(source, _Passing(source, writer)).fields(plan, binding)
        source.put("except IndexError:", " raise unfinished(end + 1, end) from None")
        source.put("except KeyError:", ' refuse("an enum index out of range, or a symbol that has no meaning here")')
        source.put("except UnicodeDecodeError:", ' refuse("a text is not UTF-8")')
        source.put("if i != end:", " raise unfinished(i, end)")
        source.put(f"return {_call(source, binding, values)}")
    return source


def _call(source: Source, binding: Binding, values: dict[str, str]) -> str:
    """The call that makes the model."""
    assert binding.model is not None
    placed = binding.model.__match_args__
    given = [values[name] if name in placed else f"{name}={values[name]}" for name in binding.model.__struct_fields__]
    return f"{source.constant(binding.model)}({', '.join(given)})"


@contextmanager
def _blocks(source: Source) -> Iterator[None]:
    """What is put inside reads one item of an array, or one entry of a map."""
    count, ends = source.name(), source.name()
    source.put("n = p[i]")
    with source.block("while n:"):
        source.put("if n > 127 or n & 1:", f" {count}, i, {ends} = read_count(p, i)")
        source.put("else:", f" {count} = n >> 1", " i += 1", f" {ends} = -1")
        with source.block(f"for _ in range({count}):"):
            yield
        source.put(f"if {ends} != -1 and {ends} != i:", ' refuse("a block of items is not as long as it says")')
        source.put("n = p[i]")
    source.put("i += 1")


def _choice(source: Source, branches: Sequence[Put]) -> None:
    """The branch that the index names."""
    if len(branches) > ONE_BYTE_INDICES:
        raise UnsupportedError(f"a union of more than {ONE_BYTE_INDICES} branches")
    source.put("n = p[i]", "i += 1")
    for index, put in enumerate(branches):
        with source.block(f"{'elif' if index else 'if'} n == {2 * index}:"):
            put()
    source.put("else:", ' refuse("a union index out of range")')


class _Passing:
    """Lines that step over a value that nobody needs, and prove it on the way."""

    def __init__(self, source: Source, writer: Schema) -> None:
        self._source = source
        self._writer = writer
        self._open: list[str] = []

    def steps(self, nodes: Sequence[Node]) -> None:
        """Several in a row.  Absent optional values and empty lists are one zero byte each: tried all at once."""
        for usually_zero, run in groupby(nodes, self._is_usually_zero):
            members = list(run)
            if usually_zero and len(members) >= SHORTEST_RUN:
                zeros = self._source.constant(bytes(len(members)))
                with self._source.block(f"if p[i:i + {len(members)}] == {zeros}:"):
                    self._source.put(f"i += {len(members)}")
                with self._source.block("else:"):
                    self._each(members)
            else:
                self._each(members)

    def _each(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.value(node)

    def _is_usually_zero(self, node: Node) -> bool:
        match self._writer.follow(node):
            case UnionType(branches=(Primitive(kind="null"), *_)) | ArrayType() | MapType():
                return True
        return False

    def value(self, node: Node) -> None:
        match self._writer.follow(node):
            case Primitive(kind=kind):
                self._source.put(*plain_lines(kind, None))
            case Fixed(size=size):
                self._source.put(f"i += {size}")
            case EnumType(symbols=symbols):
                self._source.put(*index_lines(self._source, symbols, None))
            case ArrayType(items=items):
                with _blocks(self._source):
                    self.value(items)
            case MapType(values=values):
                with _blocks(self._source):
                    self._source.put(*plain_lines("string", None))
                    self.value(values)
            case UnionType(branches=branches):
                _choice(self._source, [partial(self.value, branch) for branch in branches])
            case record:
                self._record(record)

    def _record(self, record: RecordType) -> None:
        if record.name in self._open:
            raise UnsupportedError(f"the record {record.name} contains itself")
        self._open.append(record.name)
        self.steps([field.type for field in record.fields])
        self._open.pop()


def index_lines(source: Source, symbols: Sequence[str | None], out: str | None) -> list[str]:
    """The symbol of an enum by its index as it is written; KeyError where there is none."""
    table = source.constant({2 * index: symbol for index, symbol in enumerate(symbols) if symbol is not None})
    wide = ["if n > 127:", " n, i = zigzag(p, i - 1)"] if len(symbols) > ONE_BYTE_INDICES else []
    return ["n = p[i]", "i += 1", *wide, f"{out} = {table}[n]" if out else f"{table}[n]"]


class _Reading:
    """Lines that read a value into a variable."""

    def __init__(self, source: Source, passing: _Passing) -> None:
        self._source = source
        self._passing = passing

    def fields(self, plan: Fields, binding: Binding) -> dict[str, str]:
        """Reads a record; gives the variable, or the constant, of each attribute."""
        values: dict[str, str] = {}
        for wanted, run in groupby(plan.steps, lambda step: step.target is not None):
            if not wanted:
                self._passing.steps([step.written for step in run])
                continue
            for step in run:
                values |= self._field(step, binding)
        for name, default in plan.defaults.items():
            inner = binding.fields[name]
            if inner is not None and inner.model is None:
                values |= dict.fromkeys(inner.fields, "None")
            else:
                values[name] = self._default(default)
        return values

    def _field(self, step: Step, binding: Binding) -> dict[str, str]:
        assert step.target is not None
        assert step.plan is not None
        inner = binding.fields[step.target]
        if inner is not None and inner.model is None:
            return self._lifted(step.plan, inner)
        out = self._source.name()
        self.value(step.plan, out, inner)
        return {step.target: out}

    def _lifted(self, plan: Plan, inner: Binding) -> dict[str, str]:
        """The attributes that an inner record brings, or None for each where it is absent."""
        values = {name: self._source.name() for name in inner.fields}
        branches = plan.branches if isinstance(plan, Choice) else (plan,)
        puts = [partial(self._lift, branch, inner, values) for branch in branches]
        if isinstance(plan, Choice):
            _choice(self._source, puts)
        else:
            puts[0]()
        return values

    def _lift(self, plan: Plan, inner: Binding, values: dict[str, str]) -> None:
        if isinstance(plan, Fields):
            found = self.fields(plan, inner)
        else:
            self.value(plan, "n", None)
            found = dict.fromkeys(inner.fields, "None")
        self._source.put(*(f"{values[name]} = {found[name]}" for name in values))

    def _default(self, value: object) -> str:
        """An expression that makes the reader's default anew each time."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return self._source.constant(value)
        if value == []:
            return "()"
        if value == {}:
            return "{}"
        raise UnsupportedError("a default that is neither plain nor empty")

    def value(self, plan: Plan, out: str, binding: Binding | None) -> None:
        match plan:
            case Plain(kind=kind, to=to):
                self._source.put(*plain_lines(kind, out), *_promotion(kind, to, out))
            case Instant(kind=kind, factor=factor):
                self._source.put(*instant_lines(kind, factor, out))
            case Micros(factor=factor, bound=bound, size=None):
                self._source.put(*micros_lines(self._source.constant(short_decimals(bound)), factor, bound, out))
            case Micros(factor=factor, bound=bound, size=size):
                self._source.put(f"{out} = micros(p[i:i + {size}], {factor}, {bound})", f"i += {size}")
            case Octets(size=size):
                self._source.put(f"{out} = p[i:i + {size}]", f"i += {size}")
            case Symbols(table=table):
                self._source.put(*index_lines(self._source, table, out))
            case Impossible(why=why):
                self._source.put(f"refuse({self._source.constant(why)})")
            case _:
                self._inner(plan, out, binding)

    def _inner(self, plan: Items | Entries | Choice | Fields, out: str, binding: Binding | None) -> None:
        match plan:
            case Items(item=item):
                self._items(item, out, binding)
            case Entries(value=value):
                self._entries(value, out, binding)
            case Choice(branches=branches):
                _choice(self._source, [partial(self.value, branch, out, binding) for branch in branches])
            case fields:
                assert binding is not None
                values = self.fields(fields, binding)
                self._source.put(f"{out} = {_call(self._source, binding, values)}")

    def _items(self, item: Plan, out: str, binding: Binding | None) -> None:
        one = self._source.name()
        self._source.put(f"{out} = []")
        with _blocks(self._source):
            self.value(item, one, binding)
            self._source.put(f"{out}.append({one})")
        self._source.put(f"{out} = tuple({out})")

    def _entries(self, value: Plan, out: str, binding: Binding | None) -> None:
        key, one = self._source.name(), self._source.name()
        self._source.put(f"{out} = {{}}")
        with _blocks(self._source):
            self._source.put(*plain_lines("string", key))
            self.value(value, one, binding)
            self._source.put(f"{out}[{key}] = {one}")


def _promotion(kind: str, to: str, out: str) -> list[str]:
    if to in {"float", "double"} and kind in {"int", "long"}:
        return [f"{out} = float({out})"]
    if kind != to and to == "bytes":
        return [f"{out} = {out}.encode()"]
    return [f"{out} = {out}.decode()"] if kind != to and to == "string" else []
