"""The books read and answer exactly what the contract says."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from simulators.plain_rest.documents import UnfitDocumentError, read
from simulators.rest_finance.documents import Document
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.rest_finance.support import DOCUMENT, Accounting, accounting

CONTRACT: dict[str, Any] = json.loads((files("connectors.rest_finance") / "openapi.json").read_text(encoding="utf-8"))
WHOLE: dict[str, Any] = DOCUMENT | {
    "cost_centre": "K7",
    "purchase_order": "PO-7",
    "payment_method": "card",
    "terms": "NET30",
    "order_total": "30.5",
    "order_tax": "4.87",
}
ABSENT = object()
VALUES = [ABSENT, None, "", "text", "EUR", "eur", "0", "0.0", "1.0000001", "-1", "1e3", "credit", 7, 1.5, True, [], {}]
MEMBERS = [*WHOLE, "invented"]


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]})


def changed(member: str, value: object) -> dict[str, Any]:
    document = {name: given for name, given in WHOLE.items() if name != member}
    return document if value is ABSENT else document | {member: value}


def is_read(document: object) -> bool:
    try:
        read(json.dumps(document).encode(), Document)
    except UnfitDocumentError:
        return False
    return True


def test_the_whole_document_is_read_and_valid() -> None:
    assert is_read(WHOLE)
    assert schema("Document").is_valid(WHOLE)
    assert WHOLE.keys() == CONTRACT["components"]["schemas"]["Document"]["properties"].keys()


@given(st.sampled_from(MEMBERS), st.sampled_from(VALUES))
def test_a_changed_document_is_read_where_the_contract_allows_it(member: str, value: object) -> None:
    """A validator of schemas takes formats for remarks, so times are left to the next test."""
    document = changed(member, value)
    if member != "happened_at" or not isinstance(value, str):
        assert is_read(document) is schema("Document").is_valid(document)


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
    assert is_read(changed("happened_at", text)) is reads


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [("amount", "-1", "amount"), ("account", ABSENT, "account"), ("invented", 7, "invented"), ("kind", "x", "kind")],
)
def test_a_refused_document_names_the_member(member: str, value: object, field: str) -> None:
    with pytest.raises(UnfitDocumentError) as refused:
        read(json.dumps(changed(member, value)).encode(), Document)

    assert refused.value.field == field


@in_loop
async def test_every_answer_is_one_that_the_contract_knows() -> None:
    async with accounting() as books:
        await _conforms(books, "PUT", "/v1/documents/{reference}", 201, DOCUMENT)
        await _conforms(books, "PUT", "/v1/documents/{reference}", 200, DOCUMENT | {"amount": "40"})
        await _conforms(books, "PUT", "/v1/documents/{reference}", 400, {"order_id": "x"})
        await _conforms(books, "PUT", "/v1/documents/{reference}", 409, DOCUMENT | {"account": "C-2"})
        await books.set(accounts=["C-9"])
        await _conforms(books, "PUT", "/v1/documents/{reference}", 422, DOCUMENT, reference="r-2")
        await _conforms(books, "GET", "/v1/documents/{reference}", 200)
        await _conforms(books, "GET", "/v1/documents/{reference}", 404, reference="r-2")
        await _conforms(books, "GET", "/v1/health", 200)
        await books.set(read_only=True)
        await _conforms(books, "PUT", "/v1/documents/{reference}", 403, DOCUMENT)
        books.headers = {}
        await _conforms(books, "GET", "/v1/health", 401)
        for status, changes in ((200, {}), (400, {"grant_type": "password"}), (401, {"client_secret": "no"})):
            answered, document = await books.sign_in(**changes)
            assert answered == status
            _check("/v1/token", "post", status, document)


async def _conforms(
    books: Accounting, method: str, template: str, status: int, body: object = None, *, reference: str = "r-1"
) -> None:
    answered, document = await books.call(method, template.replace("{reference}", reference), body)
    assert answered == status, document
    _check(template, method.lower(), status, document)


def _check(template: str, method: str, status: int, document: object) -> None:
    stated = CONTRACT["paths"][template][method]["responses"][str(status)]
    if "$ref" in stated:
        stated = CONTRACT["components"]["responses"][stated["$ref"].rpartition("/")[2]]
    name = stated["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema(name).validate(document)
