"""Refuses writer schemas with which a few bytes can claim any amount of work.

Five bytes of an array of nulls can announce millions of items, and a decoder that trusts them stands still for
seconds.  An item of at least one byte cannot: the bytes that are there bound the count.
"""

from schemas.avro_types import ArrayType, Fixed, MapType, Node, Primitive, RecordType, Schema, UnionType
from schemas.errors import DecodeError

MAX_VALUE_BYTES = 256 * 1024
MAX_EMPTY_VALUES = 64
_ENDLESS = 1 << 32
_SIZES = {"null": 0, "float": 4, "double": 8}


def check_size(size: int, limit: int = MAX_VALUE_BYTES) -> None:
    """Raises DecodeError `too-large`.  To be called before a byte is looked at."""
    if size > limit:
        raise DecodeError("too-large", f"{size} bytes; {limit} are allowed")


def check_writer(schema: Schema) -> None:
    """Raises DecodeError `zero-size-items` for a schema with which no record shall be decoded."""
    sizes = _Sizes(schema)
    for record in schema.named.values():
        if isinstance(record, RecordType):
            sizes.check_record(record)
    sizes.check(schema.root, "")


class _Sizes:
    """Least bytes and number of empty values of every type of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._least: dict[str, int] = {}
        self._empty: dict[str, int] = {}

    def least(self, node: Node) -> int:
        """Bytes that any value takes at least; `_ENDLESS` for a record that contains itself."""
        node = self._schema.follow(node)
        if isinstance(node, Primitive):
            return _SIZES.get(node.kind, 1)
        if isinstance(node, Fixed):
            return node.size
        return self._least_of_record(node) if isinstance(node, RecordType) else 1

    def _least_of_record(self, record: RecordType) -> int:
        if record.name not in self._least:
            self._least[record.name] = _ENDLESS
            self._least[record.name] = min(_ENDLESS, sum(self.least(field.type) for field in record.fields))
        return self._least[record.name]

    def empty_values(self, node: Node) -> int:
        """Values without a byte that one value brings along: a decoder makes an object for each."""
        node = self._schema.follow(node)
        if isinstance(node, RecordType):
            return self._empty_of_record(node)
        if isinstance(node, UnionType):
            return max(self.empty_values(branch) for branch in node.branches)
        return 1 if self.least(node) == 0 else 0

    def _empty_of_record(self, record: RecordType) -> int:
        if record.name not in self._empty:
            self._empty[record.name] = 0
            own = 1 if self.least(record) == 0 else 0
            self._empty[record.name] = own + sum(self.empty_values(field.type) for field in record.fields)
        return self._empty[record.name]

    def check_record(self, record: RecordType) -> None:
        if self.least(record) >= _ENDLESS:
            raise DecodeError("zero-size-items", f"the record {record.name} contains itself without end")
        if self.empty_values(record) > MAX_EMPTY_VALUES:
            why = f"the record {record.name} holds more than {MAX_EMPTY_VALUES} values that take no byte"
            raise DecodeError("zero-size-items", why)
        for field in record.fields:
            self.check(field.type, field.name)

    def check(self, node: Node, where: str) -> None:
        """Looks into everything but records, which are looked at once each by their name."""
        if isinstance(node, UnionType):
            for branch in node.branches:
                self.check(branch, where)
        elif isinstance(node, (ArrayType, MapType)):
            item = node.items if isinstance(node, ArrayType) else node.values
            if self.least(item) == 0:
                raise DecodeError("zero-size-items", f"{where or 'the top'}: an item can take no byte at all")
            self.check(item, where)
