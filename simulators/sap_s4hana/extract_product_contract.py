"""Makes product_contract.json from SAP's metadata of API_PRODUCT_SRV ("Product Master", OData V2): structure, no prose.

Source: API_PRODUCT_SRV.edmx (2020) as the repository gregorwolf/teched2020-DT261-cap keeps it at commit
bee2f345fc781c55440e14a362ad42d8c4a9595d, licence MIT, srv/external/.  What is kept: the properties of A_Product with
their types and lengths, and the options of V2 that its list takes.

Run it after taking a newer file:  python -m simulators.sap_s4hana.extract_product_contract path/to/API_PRODUCT_SRV.edmx
"""

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

SOURCE = {
    "repository": "gregorwolf/teched2020-DT261-cap",
    "commit": "bee2f345fc781c55440e14a362ad42d8c4a9595d",
    "file": "srv/external/API_PRODUCT_SRV.edmx",
    "licence": "MIT",
    "made_by": "simulators/sap_s4hana/extract_product_contract.py",
}
EDM = "{http://schemas.microsoft.com/ado/2008/09/edm}"
ENTITY = "A_ProductType"
TYPES = {"Edm.Boolean": "boolean"}

Json = dict[str, Any]  # JSON: its shape is OpenAPI's


def main(arguments: list[str]) -> int:
    """Write product_contract.json beside this file; 2 when the argument is missing or the file lacks the entity."""
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {__spec__.name} EDMX_FILE\n")
        return 2
    try:
        contract = extract(Path(arguments[0]).read_text(encoding="utf-8"))
    except LookupError as problem:
        sys.stderr.write(f"{arguments[0]}: {problem}\n")
        return 2
    target = Path(__file__).with_name("product_contract.json")
    target.write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(contract['components']['schemas']['A_Product']['properties'])} properties\n")
    return 0


def extract(metadata: str) -> Json:
    """Raises LookupError for a file without the entity."""
    found = [one for one in ET.fromstring(metadata).iter(f"{EDM}EntityType") if one.get("Name") == ENTITY]  # noqa: S314 - a file that a developer took
    if not found:
        raise LookupError(f"no {ENTITY} in this file")
    properties = {str(one.get("Name")): _property(one) for one in found[0].iter(f"{EDM}Property")}
    return {
        "openapi": "3.0.3",
        "x-source": SOURCE,
        "info": {"title": "API_PRODUCT_SRV, structural extract", "version": "1"},
        "paths": {"/A_Product": {"get": _listing(sorted(properties))}},
        "components": {"schemas": {"A_Product": {"type": "object", "properties": properties}}},
    }


def _property(one: ET.Element) -> Json:
    kept: Json = {"type": TYPES.get(one.get("Type", ""), "string"), "nullable": one.get("Nullable") != "false"}
    length = one.get("MaxLength")
    return {**kept, "maxLength": int(length)} if length else kept


def _listing(names: list[str]) -> Json:
    whole: Json = {"type": "integer", "minimum": 0}
    some: Json = {"type": "array", "items": {"type": "string", "enum": names}}
    options: dict[str, Json] = {
        "$filter": {"type": "string"},
        "$inlinecount": {"type": "string", "enum": ["allpages", "none"]},
        "$orderby": some,
        "$select": some,
        "$skip": whole,
        "$top": whole,
    }
    parameters = [
        {"in": "query", "name": name, "schema": schema, **({"explode": False} if schema is some else {})}
        for name, schema in options.items()
    ]
    return {"operationId": "listA_Products", "parameters": parameters, "responses": {"200": {"description": ""}}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
