"""The carrier reads and answers exactly what the contract says."""

import copy
import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from simulators.plain_rest.documents import UnfitDocumentError, read
from simulators.rest_carrier.documents import Parcel
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_carrier.support import LINE, PARCEL, Carrier, carrier

CONTRACT: dict[str, Any] = json.loads((files("connectors.rest_carrier") / "openapi.json").read_text(encoding="utf-8"))
WHOLE: dict[str, Any] = PARCEL | {
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
    "lines": [LINE | {"unit": "EA"}],
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
VALUES = [ABSENT, None, "", "text", "a b/c", "0", "0.0", "01.50", "1.0000001", "-1", 7, True, [], ["x"], [7], {}]


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
        read(json.dumps(document).encode(), Parcel)
    except UnfitDocumentError:
        return False
    return True


def test_the_whole_document_is_read_and_valid() -> None:
    assert is_read(WHOLE)
    assert schema("Parcel").is_valid(WHOLE)
    properties = CONTRACT["components"]["schemas"]
    assert WHOLE.keys() == properties["Parcel"]["properties"].keys()
    assert WHOLE["lines"][0].keys() == properties["Line"]["properties"].keys()
    assert WHOLE["ship_to"].keys() == properties["Address"]["properties"].keys()


@given(st.sampled_from(PLACES), st.sampled_from(VALUES))
def test_a_changed_document_is_read_where_the_contract_allows_it(place: tuple[Any, ...], value: object) -> None:
    document = changed(place, value)

    assert is_read(document) is schema("Parcel").is_valid(document)


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("lines", 0, "quantity"), "0", "lines[0].quantity"),
        (("service",), ABSENT, "service"),
        (("ship_to", "planet"), "Mars", "ship_to.planet"),
    ],
)
def test_a_refused_document_names_the_member(place: tuple[Any, ...], value: object, field: str) -> None:
    with pytest.raises(UnfitDocumentError) as refused:
        read(json.dumps(changed(place, value)).encode(), Parcel)

    assert refused.value.field == field


@in_loop
async def test_every_answer_is_one_that_the_contract_knows() -> None:
    label, void = "/v1/labels/{reference}", "/v1/labels/{reference}/void"
    question = {name: PARCEL[name] for name in ("ship_from", "ship_to", "lines")}
    async with carrier() as system:
        await _conforms(system, "POST", "/v1/rates", 200, question)
        await _conforms(system, "POST", "/v1/rates", 422, question | {"ship_to": {"country": "AQ"}})
        await _conforms(system, "PUT", label, 201, PARCEL)
        await _conforms(system, "PUT", label, 200, PARCEL)
        await _conforms(system, "PUT", label, 400, {"service": "x"})
        await _conforms(system, "PUT", label, 409, PARCEL | {"service": "express"})
        await _conforms(system, "PUT", label, 422, PARCEL | {"service": "by-camel"})
        await _conforms(system, "GET", label, 200)
        await _conforms(system, "POST", void, 200)
        await _conforms(system, "PUT", label, 409, PARCEL)
        await _conforms(system, "GET", "/v1/health", 200)
        await system.post("/_sim/reset")
        await _conforms(system, "GET", label, 404)
        await _conforms(system, "POST", void, 404)
        await _conforms(system, "PUT", label, 201, PARCEL)
        await system.live("collect", "t-1")
        await _conforms(system, "POST", void, 409)
        system.headers = {}
        await _conforms(system, "GET", "/v1/health", 401)


async def _conforms(system: Carrier, method: str, template: str, status: int, body: object = None) -> None:
    answered, document = await system.call(method, template.replace("{reference}", "t-1"), body)
    assert answered == status, document
    stated = CONTRACT["paths"][template][method.lower()]["responses"][str(status)]
    if "$ref" in stated:
        stated = CONTRACT["components"]["responses"][stated["$ref"].rpartition("/")[2]]
    name = stated["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema(name).validate(document)
