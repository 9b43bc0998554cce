"""Makes returns_contract.json, in the form of contract.json, from the metadata of an OData V2 service.

Source: SAP's metadata of API_CUSTOMER_RETURN_SRV ("Customer Return (A2X)") as the repository
andrew-mak4/risk-mgmt-202308 keeps it at commit eecad99d51cdd318f22b784bbf86c117debdde45, licence Apache-2.0,
srv/external/.  Only structure is kept: names, types and lengths of the fields of two entity sets, and how they are
read.

billing_contract.json and credit_requests_contract.json have the same form and were written by hand: no copy of the
metadata of these services with an open licence was found, so they hold only the fields that are in use.

Run it after taking a newer file:  python -m simulators.sap_s4hana.extract_metadata path/to/API_CUSTOMER_RETURN_SRV.edmx
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

SOURCE = {
    "repository": "andrew-mak4/risk-mgmt-202308",
    "commit": "eecad99d51cdd318f22b784bbf86c117debdde45",
    "file": "srv/external/API_CUSTOMER_RETURN_SRV.edmx",
    "licence": "Apache-2.0",
    "made_by": "simulators/sap_s4hana/extract_metadata.py",
}
SERVICE, HEAD, ITEM = "API_CUSTOMER_RETURN_SRV", "A_CustomerReturn", "A_CustomerReturnItem"

Json = dict[str, Any]  # a JSON document: its shape is its meaning

NO_FIELDS: Json = {}
_PLAIN: Mapping[str, Json] = {"Edm.Boolean": {"type": "boolean"}, "Edm.Int32": {"type": "integer"}}


def main(arguments: list[str]) -> int:
    """Write returns_contract.json beside this file; 2 when the argument is missing or the file lacks an entity."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {__spec__.name} EDMX_FILE\n")
        return 2
    try:
        contract = extract(Path(arguments[0]).read_text(encoding="utf-8"))
    except LookupError as problem:
        sys.stderr.write(f"{arguments[0]}: {problem}\n")
        return 2
    target = Path(__file__).with_name("returns_contract.json")
    target.write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(contract['components']['schemas'])} schemas\n")
    return 0


def extract(metadata: str) -> Json:
    """The two entity sets without prose.  Raises LookupError for one that is not there."""
    types = {
        one.get("Name", "").removesuffix("Type"): one
        for one in ET.fromstring(metadata).iter()  # noqa: S314 - SAP's own file, at hand
        if one.tag.endswith("}EntityType")
    }
    for name in (HEAD, ITEM):
        if name not in types:
            raise LookupError(f"no entity {name} in this file")
    fields = {name: dict(_fields(types[name])) for name in (HEAD, ITEM)}
    return document(SERVICE, SOURCE, fields[HEAD], fields[ITEM], (HEAD, ITEM))


def document(service: str, source: Json, head: Json, item: Json, names: tuple[str, str]) -> Json:
    """An OpenAPI document of a head with its items, both read only; the first field of the head is its key."""
    set_, items = names
    key = set_.removeprefix("A_")
    own = {"in": "path", "name": key, "required": True, "schema": head[key]}
    one = f"/{set_}('{{{key}}}')"
    return {
        "openapi": "3.0.3",
        "x-source": source,
        "info": {"title": f"{service}, structural extract", "version": "1"},
        "paths": {
            f"/{set_}": {"get": _read(f"list{set_}", _list_options(head, item))},
            one: {"get": _read(f"get{set_}", [own, *_one_options(head, item)])},
            f"{one}/to_Item": {"get": _read(f"listItemsOf{set_}", [own, *_list_options(item)])},
        },
        "components": {"schemas": {set_: {"type": "object", "properties": head}, items: _object(item)}},
    }


def _object(fields: Json) -> Json:
    return {"type": "object", "properties": fields}


def _fields(entity: ET.Element) -> Iterator[tuple[str, Json]]:
    for one in entity:
        name = one.get("Name", "")
        if one.tag.endswith("}Property"):
            yield name, _schema(one)
        elif one.tag.endswith("}NavigationProperty"):
            yield name, {"type": "object"}


def _schema(field: ET.Element) -> Json:
    kind = field.get("Type", "")
    nullable = {} if field.get("Nullable") == "false" else {"nullable": True}
    if kind in _PLAIN:
        return {**_PLAIN[kind], **nullable}
    if kind == "Edm.Decimal":
        size = {"x-sap-precision": int(field.get("Precision", "0")), "x-sap-scale": int(field.get("Scale", "0"))}
        return {"type": "string", "format": "decimal", **size, **nullable}
    length = field.get("MaxLength")
    return {"type": "string", **({"maxLength": int(length)} if length else {}), **nullable}


def _read(operation: str, parameters: Sequence[Json]) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    answers = {"200": {"description": "", "content": content}}
    return {"operationId": operation, "parameters": list(parameters), "responses": answers}


def _list_options(fields: Json, below: Json = NO_FIELDS) -> list[Json]:
    whole = [_option("$top", {"type": "integer"}), _option("$skip", {"type": "integer"})]
    text = [_option("$filter", {"type": "string"})]
    counted = [_option("$inlinecount", {"type": "string", "enum": ["allpages", "none"]})]
    plain = [name for name in fields if not name.startswith("to_")]
    orders = [f"{name}{way}" for name in plain for way in ("", " desc")]
    return [*whole, *text, *counted, _names("$orderby", orders), *_one_options(fields, below)]


def _one_options(fields: Json, below: Json = NO_FIELDS) -> list[Json]:
    """Fields of items are named behind the link to them, as V2 writes it."""
    links = [name for name in fields if name.startswith("to_")]
    return [_names("$select", [*fields, *(f"to_Item/{name}" for name in below)]), _names("$expand", links)]


def _names(name: str, known: Sequence[str]) -> Json:
    return _option(name, {"type": "array", "items": {"type": "string", "enum": sorted(known)}}, explode=False)


def _option(name: str, schema: Json, *, explode: bool | None = None) -> Json:
    more = {} if explode is None else {"explode": explode}
    return {"in": "query", "name": name, "schema": schema, **more}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
