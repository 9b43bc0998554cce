"""Turns request bodies into what a service receives, as Commerce's ServiceInputProcessor and TypeProcessor do.

Each schema of the contract is compiled once into nested functions, so that checking a row costs a few dictionary
look-ups.  Facts: magento/magento2 lib/internal/Magento/Framework/Webapi/ServiceInputProcessor.php and
Reflection/TypeProcessor.php (read, not run); the texts also in magento/inventory
InventoryApi/Test/Api/SourceItemsSave/ValidationTest.php.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import cast

from simulators.adobe_commerce.contract import Schema
from simulators.adobe_commerce.errors import ApiError, FatalError, invalid_type, missing
from simulators.core.wire import JsonValue, Number

Value = None | bool | int | str | Number | list["Value"] | dict[str, "Value"]
Convert = Callable[[JsonValue], Value]

NUMERIC = re.compile(r"[ \t\n\r\v\f]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t\n\r\v\f]*", re.ASCII)
LARGEST_INT = 2**63 - 1
FALSE_TEXTS = frozenset({"", "0", "false", "off", "no"})


class TypeMismatchError(Exception):
    """A value of the wrong type, on its way up through the fields that hold it."""


class UnknownFieldError(Exception):
    """A field that the data object has no setter for; Commerce answers it with an internal error."""


class InputCompiler:
    """Compiles schemas.  `list_limit` is asked at each request: the input limit can be switched while running.

    `strict` also demands the required fields of nested objects; Commerce itself leaves those to each service.
    """

    def __init__(
        self, schemas: Mapping[str, Schema], list_limit: Callable[[], int | None], *, strict: bool = True
    ) -> None:
        self._schemas = schemas
        self._list_limit = list_limit
        self._strict = strict
        self._named: dict[str, Convert] = {}

    def body(self, schema: Schema) -> Callable[[JsonValue], dict[str, Value]]:
        """For a whole body; the function returned raises ApiError, UnknownFieldError or FatalError."""
        fields = {name: self._compile(inner) for name, inner in schema.get("properties", {}).items()}
        required = schema.get("required", [])

        def convert(value: JsonValue) -> dict[str, Value]:
            given = value if isinstance(value, dict) else {}
            absent = [name for name in required if _parameter(given, name) is None]
            if absent:
                raise missing(absent)
            try:
                return {
                    name: inner(found)
                    for name, inner in fields.items()
                    if (found := _parameter(given, name)) is not None
                }
            except TypeMismatchError as problem:
                raise ApiError(400, str(problem)) from problem

        return convert

    def _compile(self, schema: Schema) -> Convert:
        if "$ref" in schema:
            return self._reference(schema["$ref"].rpartition("/")[2])
        if schema.get("type") == "array":
            return self._array(schema["items"])
        if schema.get("type") == "object" or "properties" in schema:
            return self._object(schema)
        return SCALARS[schema.get("type", "string")]

    def _reference(self, name: str) -> Convert:
        """Looked up when called, because schemas refer to themselves."""
        if name == "framework-attribute-interface":
            return _anything  # the value of a custom attribute may be of any type

        def convert(value: JsonValue) -> Value:
            found = self._named.get(name)
            if found is None:
                found = self._named[name] = self._compile(self._schemas[name])
            return found(value)

        return convert

    def _object(self, schema: Schema) -> Convert:
        fields = {name: self._compile(inner) for name, inner in schema.get("properties", {}).items()}
        spellings = {name: name for name in fields} | {_camel(name): name for name in fields}
        required = schema.get("required", []) if self._strict else []

        def convert(value: JsonValue) -> Value:
            result: dict[str, Value] = {}
            for sent_name, sent in _members(value):
                name = spellings.get(sent_name)
                if name is None:
                    raise UnknownFieldError(sent_name)
                try:
                    result[name] = fields[name](sent)
                except TypeMismatchError as problem:
                    text = f'Error occurred during "{sent_name}" processing. {problem}'
                    raise TypeMismatchError(text) from problem
            for name in required:
                if result.get(name) is None:
                    raise missing([name])
            return result

        return convert

    def _array(self, schema: Schema) -> Convert:
        item = self._compile(schema)
        class_name = _class_name(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else None

        def convert(value: JsonValue) -> Value:
            if value is None:
                return None
            if not isinstance(value, (list, dict)):
                if class_name is None:
                    raise TypeMismatchError(invalid_type(_php_type(value), f"{schema.get('type', 'string')}[]"))
                raise FatalError
            members = value if isinstance(value, list) else list(value.values())
            limit = self._list_limit() if class_name is not None else None
            if limit is not None and len(members) > limit:
                raise ApiError(400, 'Maximum items of type "%type" is %max', {"type": class_name, "max": limit})
            return [item(member) for member in members]

        return convert


def integer(value: JsonValue) -> Value:
    if value is None:
        return None
    return max(-LARGEST_INT - 1, min(LARGEST_INT, int(_numeric(value, "int"))))


def number(value: JsonValue) -> Value:
    """Keeps the digits: Commerce's float comes later, when the row is stored."""
    if isinstance(value, Number):
        return value
    if value is None:
        return None
    _numeric(value, "float")
    return Number(_scalar_text(value).strip())


def text(value: JsonValue) -> Value:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return _scalar_text(value)
    raise TypeMismatchError(invalid_type("array", "string"))


def boolean(value: JsonValue) -> Value:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (list, dict)):
        raise TypeMismatchError(invalid_type("array", "boolean"))
    return _scalar_text(value).strip().lower() not in FALSE_TEXTS


def _anything(value: JsonValue) -> Value:
    return cast("Value", value)  # JSON is one kind of value; only the invariance of list hides it


SCALARS: dict[str, Convert] = {"integer": integer, "number": number, "string": text, "boolean": boolean}


def _numeric(value: JsonValue, expected: str) -> Decimal:
    if isinstance(value, (list, dict)):
        raise TypeMismatchError(invalid_type("array", expected))
    shown = _scalar_text(value)
    if isinstance(value, bool) or not NUMERIC.fullmatch(shown):
        raise TypeMismatchError(invalid_type(shown, expected))
    found = Decimal(shown.strip())
    return Decimal(LARGEST_INT).copy_sign(found) if found.adjusted() > 300 else found


def _scalar_text(value: JsonValue) -> str:
    """As PHP writes a scalar into a string."""
    if isinstance(value, Number):
        return value.text
    return "1" if value is True else "" if value is False or value is None else str(value)


def _parameter(given: Mapping[str, JsonValue], name: str) -> JsonValue:
    found = given.get(name)
    return given.get(_snake(name)) if found is None else found


def _members(value: JsonValue) -> list[tuple[str, JsonValue]]:
    """A scalar where an object is expected counts as an empty object; a list has numbers for names."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(index), member) for index, member in enumerate(value)]
    return []


def _php_type(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number):
        return "integer" if value.text.lstrip("-").isdigit() else "double"
    return "string"


def _snake(name: str) -> str:
    return re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _class_name(schema_name: str) -> str:
    r"""`inventory-api-data-source-item-interface` is \Magento\InventoryApi\Api\Data\SourceItemInterface."""
    module, _, rest = schema_name.partition("-data-")
    return f"\\Magento\\{module.title().replace('-', '')}\\Api\\Data\\{rest.title().replace('-', '')}"
