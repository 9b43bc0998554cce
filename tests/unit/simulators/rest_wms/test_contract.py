"""The warehouse reads and answers exactly what the contract says."""

import copy
import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from simulators.plain_rest.documents import UnfitDocumentError, read
from simulators.rest_wms import Settings
from simulators.rest_wms.documents import Task
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_wms.support import TASK, Warehouse, warehouse

CONTRACT: dict[str, Any] = json.loads((files("connectors.rest_wms") / "openapi.json").read_text(encoding="utf-8"))
WHOLE: dict[str, Any] = {
    "order_id": "web-1",
    "source_code": "wh-east",
    "lines": [
        {
            "line_id": "1",
            "sku": "A",
            "quantity": "190.7",
            "unit": "M",
            "note": "n",
            "options": {"a": "b"},
            "configuration": {"c": "d"},
        }
    ],
    "ship_to": {
        "first_name": "Test",
        "last_name": "Buyer",
        "company": "Example Works",
        "street": ["2 Example Street"],
        "city": "Springfield",
        "region": "Illinois",
        "region_code": "IL",
        "postcode": "62701",
        "country": "US",
        "telephone": "+1 202 555 0101",
    },
    "shipping_method": "truck",
    "instructions": "i",
    "requested_at": "2026-03-20T00:00:00Z",
}
PLACES: list[tuple[Any, ...]] = [
    *[(name,) for name in WHOLE],
    *[("lines", 0, name) for name in WHOLE["lines"][0]],
    *[("ship_to", name) for name in WHOLE["ship_to"]],
    ("invented",),
    ("lines", 0, "invented"),
    ("ship_to", "invented"),
]
ABSENT = object()
VALUES = [
    ABSENT,
    None,
    "",
    "text",
    "a b/c",
    "0",
    "0.0",
    "01.50",
    "1.0000001",
    "-1",
    "1e3",
    7,
    1.5,
    True,
    [],
    ["x"],
    [7],
    {},
    {"a": 7},
    {"a": "b"},
]


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]})


def changed(place: tuple[Any, ...], value: object) -> dict[str, Any]:
    document = copy.deepcopy(WHOLE)
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    if value is ABSENT:
        inner.pop(place[-1], None)
    else:
        inner[place[-1]] = value
    return document


def is_read(document: object) -> bool:
    try:
        read(json.dumps(document).encode(), Task)
    except UnfitDocumentError:
        return False
    return True


def test_the_whole_document_is_read_and_valid() -> None:
    assert is_read(WHOLE)
    assert schema("Task").is_valid(WHOLE)
    properties = CONTRACT["components"]["schemas"]
    assert WHOLE.keys() == properties["Task"]["properties"].keys()
    assert WHOLE["lines"][0].keys() == properties["Line"]["properties"].keys()
    assert WHOLE["ship_to"].keys() == properties["Address"]["properties"].keys()


@given(st.sampled_from(PLACES), st.sampled_from(VALUES))
def test_a_changed_document_is_read_where_the_contract_allows_it(place: tuple[Any, ...], value: object) -> None:
    """A validator of schemas takes formats for remarks, so times are left to the next test."""
    document = changed(place, value)
    if place != ("requested_at",) or not isinstance(value, str):
        assert is_read(document) is schema("Task").is_valid(document)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("2026-03-20T00:00:00Z", True),
        ("2026-03-20T01:00:00.5+01:00", True),
        ("2026-03-20T00:00:00", False),
        ("", False),
    ],
)
def test_a_time_has_a_zone(text: str, reads: bool) -> None:  # noqa: FBT001
    assert is_read(changed(("requested_at",), text)) is reads


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("lines", 0, "quantity"), "0", "lines[0].quantity"),
        (("lines", 0, "sku"), ABSENT, "lines[0].sku"),
        (("ship_to", "planet"), "Mars", "ship_to.planet"),
        (("order_id",), 7, "order_id"),
        (("invented",), 7, "invented"),
    ],
)
def test_a_refused_document_names_the_member(place: tuple[Any, ...], value: object, field: str) -> None:
    with pytest.raises(UnfitDocumentError) as refused:
        read(json.dumps(changed(place, value)).encode(), Task)

    assert refused.value.field == field


@in_loop
async def test_every_answer_is_one_that_the_contract_knows() -> None:
    async with warehouse(Settings(skus=("PUMP-200",))) as wms:
        await _conforms(wms, "PUT", "/v1/tasks/{task_id}", 201, TASK)
        await _conforms(wms, "PUT", "/v1/tasks/{task_id}", 200, TASK)
        await _conforms(wms, "PUT", "/v1/tasks/{task_id}", 400, {"order_id": "x"})
        await _conforms(wms, "PUT", "/v1/tasks/{task_id}", 409, TASK | {"order_id": "web-2"})
        await _conforms(wms, "PUT", "/v1/tasks/{task_id}", 422, WHOLE)
        await _conforms(wms, "GET", "/v1/tasks/{task_id}", 200)
        await _conforms(wms, "POST", "/v1/tasks/{task_id}/cancel", 200)
        await wms.advance(to="SHIPPED")
        await _conforms(wms, "POST", "/v1/tasks/{task_id}/cancel", 409)
        await _conforms(wms, "GET", "/v1/health", 200)
        await wms.post("/_sim/reset")
        await _conforms(wms, "GET", "/v1/tasks/{task_id}", 404)
        await _conforms(wms, "POST", "/v1/tasks/{task_id}/cancel", 404)
        wms.headers = {}
        await _conforms(wms, "GET", "/v1/health", 401)


async def _conforms(wms: Warehouse, method: str, template: str, status: int, body: object = None) -> None:
    answered, document = await wms.call(method, template.replace("{task_id}", "t-1"), body)
    assert answered == status, document
    stated = CONTRACT["paths"][template][method.lower()]["responses"][str(status)]
    if "$ref" in stated:
        stated = CONTRACT["components"]["responses"][stated["$ref"].rpartition("/")[2]]
    name = stated["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema(name).validate(document)
