"""Checks requests against a structural OpenAPI extract, more strictly than OpenAPI itself asks."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest


class Contract:
    """`partial` names schemas whose objects may be sent in part; `extra_query` parameters that every list takes."""

    def __init__(self, extract: Path, *, partial: Collection[str] = (), extra_query: Collection[str] = ()) -> None:
        document = json.loads(extract.read_text(encoding="utf-8"))
        for name, schema in document["components"]["schemas"].items():
            _close(schema)
            if name in partial:
                schema.pop("required", None)
        document["servers"] = [{"url": "/"}]
        document.pop("security", None)  # credentials have tests of their own, and are not shown to the checker
        self._paths: Mapping[str, Any] = document["paths"]  # JSON: its form is OpenAPI's
        self._openapi = OpenAPI.from_dict(document)
        self._extra_query = frozenset(extra_query)

    def check(self, request: httpx.Request, *, prefix: str) -> None:
        """Raises for a route, parameter, field or type that the extract does not know."""
        path, _, query = request.url.raw_path.decode().partition("?")
        assert path.startswith(prefix), f"{path} is outside {prefix}"
        below = path.removeprefix(prefix)
        self._check_query(below, request.method, query)
        self._openapi.validate_request(
            MockRequest(
                "https://contract.example",
                request.method.lower(),
                below,
                args=dict(parse_qsl(query, keep_blank_values=True)),
                data=request.content or None,
                content_type=request.headers.get("Content-Type", "application/json"),
            )
        )

    def _check_query(self, path: str, method: str, query: str) -> None:
        known = self._parameters(path, method) | self._extra_query
        for name, _ in parse_qsl(query, keep_blank_values=True):
            assert re.sub(r"\[\d+\]", "[0]", name) in known, f"{method} {path} has no parameter {name}"

    def _parameters(self, path: str, method: str) -> set[str]:
        for template, operations in self._paths.items():
            if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
                return {parameter["name"] for parameter in operations[method.lower()].get("parameters", ())}
        raise AssertionError(f"no route {path}")


def _close(schema: dict[str, Any]) -> None:
    """Unknown fields are errors at the server, so they are here."""
    if "properties" in schema:
        schema["additionalProperties"] = False
