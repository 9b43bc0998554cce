"""Products as API_PRODUCT_SRV lists them, and as people change them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from simulators.core.exchange import Call
from simulators.sap_s4hana import Settings
from simulators.sap_s4hana.errors import ODataError
from simulators.sap_s4hana.extract_product_contract import extract, main
from simulators.sap_s4hana.products import SERVICE_PATH, Catalogue, Change

PLAIN = Settings(materials=("A", "B", "C"))
METADATA = """<?xml version="1.0"?><Edmx><Schema xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
<EntityType Name="A_ProductType"><Property Name="Product" Type="Edm.String" Nullable="false" MaxLength="40"/>
<Property Name="IsMarkedForDeletion" Type="Edm.Boolean"/></EntityType></Schema></Edmx>"""


def listed(catalogue: Catalogue, path: str = "/A_Product", **options: str) -> Any:
    query = urlencode({f"${name}": value for name, value in options.items()})
    answer = catalogue.answer(Call("GET", SERVICE_PATH + path, query), PLAIN)
    return json.loads(answer.body)["d"]


def names(catalogue: Catalogue, **options: str) -> list[str]:
    return [one["Product"] for one in listed(catalogue, **options)["results"]]


def test_materials_are_listed_with_what_was_asked_of_them_and_how_many_there_are() -> None:
    found = listed(Catalogue(), select="Product,BaseUnit", top="1", skip="1", inlinecount="allpages")

    assert found == {
        "__count": "3",
        "results": [{"__metadata": {"type": "API_PRODUCT_SRV.A_ProductType"}, "Product": "B", "BaseUnit": "PC"}],
    }


def test_what_is_changed_by_hand_is_listed_as_changed_and_what_is_deleted_is_gone() -> None:
    catalogue = Catalogue()
    catalogue.change(Change(product="A", fields={"IsMarkedForDeletion": True}), 1_772_439_330.9, PLAIN)
    catalogue.change(Change(product="NEW"), 1_772_439_331, PLAIN)
    catalogue.change(Change(product="B", deleted=True), 1_772_439_332, PLAIN)

    since = {"filter": "LastChangeDateTime ge datetimeoffset'2026-03-02T08:15:30Z'"}

    assert names(catalogue, orderby="LastChangeDateTime,Product") == ["C", "A", "NEW"]
    assert names(catalogue, **since) == ["A", "NEW"]
    row = listed(catalogue, **since)["results"][0]
    assert (row["IsMarkedForDeletion"], row["LastChangeDateTime"]) == (True, "/Date(1772439330000+0000)/")


@pytest.mark.parametrize(
    "options", [{"select": "Colour"}, {"orderby": "BaseUnit"}, {"filter": "Colour eq 'red'"}, {"search": "x"}]
)
def test_what_the_service_does_not_have_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ODataError):
        listed(Catalogue(), **options)


def test_other_addresses_and_properties_are_refused() -> None:
    with pytest.raises(ODataError):
        listed(Catalogue(), "/A_ProductPlant")
    with pytest.raises(ValueError, match="Colour"):
        Catalogue().change(Change(product="A", fields={"Colour": "red"}), 0, PLAIN)


def test_the_contract_is_the_structure_of_the_vendors_metadata() -> None:
    made = extract(METADATA)["components"]["schemas"]["A_Product"]["properties"]

    assert made == {
        "Product": {"type": "string", "nullable": False, "maxLength": 40},
        "IsMarkedForDeletion": {"type": "boolean", "nullable": True},
    }


def test_a_file_without_products_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.edmx"
    other.write_text(METADATA.replace("A_ProductType", "Other"), encoding="utf-8")

    assert main([]) == 2
    assert main([str(other)]) == 2
    assert "no A_ProductType" in capsys.readouterr().err
