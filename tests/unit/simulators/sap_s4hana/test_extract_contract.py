"""The extract keeps structure, and nothing that SAP gives itself is demanded of a new order."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from simulators.sap_s4hana import extract_contract


def kept() -> dict[str, Any]:
    text = (files("simulators.sap_s4hana") / "contract.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def small(path: str = "/A_SalesOrder") -> dict[str, Any]:
    """A vendor's file with one operation and prose."""
    schema = {"$ref": "#/components/schemas/CreateA_SalesOrder"}
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "x",
        "description": "Prose.",
        "parameters": [{"$ref": "#/components/parameters/top"}],
        "requestBody": {"content": content},
        "responses": {"201": {"description": "Prose.", "content": content}, "4XX": {"$ref": "#/x"}},
    }
    field = {"type": "string", "maxLength": 10, "title": "Prose", "multipleOf": 1}
    return {
        "info": {"version": "1"},
        "paths": {path: {"get": operation, "post": operation}},
        "components": {
            "parameters": {"top": {"name": "$top", "in": "query", "schema": {"type": "integer"}}},
            "schemas": {
                "CreateA_SalesOrder": {
                    "type": "object",
                    "required": ["SalesOrder", "Language"],
                    "properties": {"SalesOrder": field, "Language": field},
                }
            },
        },
    }


def test_the_kept_extract_says_where_it_comes_from_and_holds_every_wanted_operation() -> None:
    document = kept()

    assert document["x-source"]["licence"] == "Apache-2.0"
    assert {(method, path) for path, whole in document["paths"].items() for method in whole} == set(
        extract_contract.WANTED
    )
    assert '"description": "' not in json.dumps(document).replace('"description": ""', "")


def test_keys_that_sap_gives_are_not_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract_contract, "WANTED", (("post", "/A_SalesOrder"),))

    extract = extract_contract.extract(small())

    assert extract["components"]["schemas"]["CreateA_SalesOrder"] == {
        "type": "object",
        "properties": {
            "SalesOrder": {"type": "string", "maxLength": 10},
            "Language": {"type": "string", "maxLength": 10},
        },
        "required": ["Language"],
    }
    operation = extract["paths"]["/A_SalesOrder"]["post"]
    assert operation["parameters"] == [{"name": "$top", "in": "query", "schema": {"type": "integer"}}]
    assert list(operation["responses"]) == ["201"]


def test_a_file_that_lacks_an_operation_and_a_missing_argument_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(small()))

    assert extract_contract.main([str(file)]) == 2
    assert "no GET /A_SalesOrder('{SalesOrder}')" in capsys.readouterr().err
    assert extract_contract.main([]) == 2
