"""The extract of a service's metadata keeps structure, and says what may be asked."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from simulators.sap_s4hana import extract_metadata

SMALL = """<?xml version="1.0"?>
<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>
<Schema xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
<EntityType Name="A_CustomerReturnType"><Key><PropertyRef Name="CustomerReturn"/></Key>
<Property Name="CustomerReturn" Type="Edm.String" Nullable="false" MaxLength="10"/>
<Property Name="CreationDate" Type="Edm.DateTime"/>
<NavigationProperty Name="to_Item"/></EntityType>
<EntityType Name="A_CustomerReturnItemType">
<Property Name="RequestedQuantity" Type="Edm.Decimal" Precision="15" Scale="3"/>
<Property Name="IsReturned" Type="Edm.Boolean"/></EntityType>
</Schema></edmx:DataServices></edmx:Edmx>"""


def kept(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((files("simulators.sap_s4hana") / name).read_text(encoding="utf-8"))
    return document


def test_fields_keep_their_types_and_lengths() -> None:
    schemas = extract_metadata.extract(SMALL)["components"]["schemas"]

    assert schemas["A_CustomerReturn"]["properties"] == {
        "CustomerReturn": {"type": "string", "maxLength": 10},
        "CreationDate": {"type": "string", "nullable": True},
        "to_Item": {"type": "object"},
    }
    assert schemas["A_CustomerReturnItem"]["properties"] == {
        "RequestedQuantity": {
            "type": "string",
            "format": "decimal",
            "x-sap-precision": 15,
            "x-sap-scale": 3,
            "nullable": True,
        },
        "IsReturned": {"type": "boolean", "nullable": True},
    }


def test_what_may_be_asked_names_the_fields_of_heads_and_of_items() -> None:
    read = extract_metadata.extract(SMALL)["paths"]["/A_CustomerReturn"]["get"]["parameters"]

    allowed = {one["name"]: one["schema"].get("items", {}).get("enum") for one in read}
    assert allowed["$select"] == sorted(
        ["CustomerReturn", "CreationDate", "to_Item", "to_Item/RequestedQuantity", "to_Item/IsReturned"]
    )
    assert allowed["$expand"] == ["to_Item"]
    assert "CreationDate desc" in allowed["$orderby"]


@pytest.mark.parametrize("name", ["returns_contract.json", "billing_contract.json", "credit_requests_contract.json"])
def test_the_kept_extracts_say_where_they_come_from_and_how_they_are_read(name: str) -> None:
    document = kept(name)

    assert {"file", "made_by"} <= document["x-source"].keys()
    assert {method for whole in document["paths"].values() for method in whole} == {"get"}
    assert len(document["paths"]) == 3


def test_a_file_that_lacks_an_entity_and_a_missing_argument_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.edmx"
    file.write_text(SMALL.replace("A_CustomerReturnItemType", "Other"))

    assert extract_metadata.main([str(file)]) == 2
    assert "no entity A_CustomerReturnItem" in capsys.readouterr().err
    assert extract_metadata.main([]) == 2
