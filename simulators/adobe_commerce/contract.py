"""Finds the operation of a request in contract.json, the structural extract of Adobe's OpenAPI file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]  # a JSON schema: its shape is its meaning


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `key` ("GET /V1/…") is how handlers are found."""

    method: str
    template: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    key: str

    @property
    def has_criteria(self) -> bool:
        return any(parameter["name"].startswith("searchCriteria") for parameter in self.parameters)


@dataclass(frozen=True, slots=True)
class Match:
    """What a path leads to: its operations by method, and the decoded values of its parameters."""

    operations: Mapping[str, Operation]
    values: Mapping[str, str]


@dataclass(slots=True)
class Contract:
    """All operations of the extract."""

    schemas: Mapping[str, Schema]
    _fixed: dict[tuple[str, ...], dict[str, Operation]] = field(default_factory=dict)
    _variable: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = field(default_factory=dict)

    def add(self, template: str, methods: Mapping[str, Any]) -> None:
        operations = {method.upper(): _operation(method.upper(), template, methods[method]) for method in methods}
        segments = tuple(template.strip("/").split("/"))
        if "{" in template:
            self._variable.setdefault(len(segments), []).append((segments, operations))
        else:
            self._fixed[segments] = operations

    def match(self, path: str) -> Match | None:
        """The path below the store code, still percent-encoded; a fixed path wins over one with parameters."""
        segments = tuple(path.strip("/").split("/"))
        if segments in self._fixed:
            return Match(self._fixed[segments], {})
        for template, operations in self._variable.get(len(segments), ()):
            values = _values(template, segments)
            if values is not None:
                return Match(operations, values)
        return None


def load() -> Contract:
    """Read the extract that ships with this package."""
    text = (files("simulators.adobe_commerce") / "contract.json").read_text(encoding="utf-8")
    document = json.loads(text)
    contract = Contract(document["components"]["schemas"])
    for template, methods in document["paths"].items():
        contract.add(template, methods)
    return contract


def _operation(method: str, template: str, document: Schema) -> Operation:
    body = document.get("requestBody")
    return Operation(
        method=method,
        template=template,
        parameters=tuple(document.get("parameters", ())),
        body=None if body is None else body["content"]["application/json"]["schema"],
        key=f"{method} {template}",
    )


def _values(template: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    values = {}
    for expected, found in zip(template, segments, strict=True):
        if expected.startswith("{"):
            values[expected[1:-1]] = unquote(found)
        elif expected != found:
            return None
    return values
