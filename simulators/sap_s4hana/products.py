"""The company's products as API_PRODUCT_SRV lists them: its materials, and what people changed of them.

Facts: API_PRODUCT_SRV.edmx (product_contract.json): properties of A_Product.  That a change by hand moves
LastChangeDateTime, which has whole seconds, is general knowledge.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from simulators.core.exchange import Answer, Call, json_answer
from simulators.sap_s4hana import odata
from simulators.sap_s4hana.errors import ODataError
from simulators.sap_s4hana.settings import Settings

SERVICE_PATH = "/sap/opu/odata/sap/API_PRODUCT_SRV"
SEED_MS = 1_767_225_600_000
"""When everything of the seed was changed last: 2026-01-01, UTC."""
Product = dict[str, Any]  # an entity: its properties are the contract's
_FIELDS: Mapping[str, Any] = json.loads(
    (files("simulators.sap_s4hana") / "product_contract.json").read_text(encoding="utf-8")
)["components"]["schemas"]["A_Product"]["properties"]
_ORDER_KEYS = {
    "Product": lambda one: one["Product"],
    "LastChangeDateTime": lambda one: one["LastChangeDateTime"],
}


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /_sim/products; a product that is not there is made, one that is deleted is gone."""

    product: str
    fields: dict[str, Any] = {}
    deleted: bool = False


class Catalogue:
    """`LastChangeDateTime` is kept in milliseconds."""

    def __init__(self) -> None:
        self._changed: dict[str, Product | None] = {}

    def change(self, wanted: Change, now: float, settings: Settings) -> None:
        """Raises ValueError for a property that a product does not have."""
        unknown = sorted(wanted.fields.keys() - _FIELDS.keys())
        if unknown:
            raise ValueError(f"A_Product has no {unknown[0]}")
        known = {one["Product"]: one for one in self.products(settings)}.get(wanted.product, _new(wanted.product))
        stamped = {**known, **wanted.fields, "LastChangeDateTime": int(now) * 1000}
        self._changed[wanted.product] = None if wanted.deleted else stamped

    def products(self, settings: Settings) -> list[Product]:
        names = dict.fromkeys((*settings.materials, *self._changed))
        found = (self._changed.get(name, _new(name)) for name in names)
        return [one for one in found if one is not None]

    def answer(self, call: Call, settings: Settings) -> Answer:
        """GET A_Product.  Raises ODataError for an address or an option that is not simulated."""
        if call.path.removeprefix(SERVICE_PATH) != "/A_Product":
            raise ODataError(404, "005056A509B11EE1B9A8FEC11C21D78E", "Resource not found for the segment")
        query = odata.query_of(call.query)
        odata.check_names(query.select | query.expand | {one.name for one in query.filter}, _FIELDS)
        found = odata.filtered(self.products(settings), query, lambda one, name: str(one.get(name) or ""))
        rows = odata.page(odata.ordered(found, query, _ORDER_KEYS), query, settings.largest_page)
        return json_answer(200, odata.collection([_shown(one, query) for one in rows], len(found), query))


def _new(name: str) -> Product:
    return {"Product": name, "BaseUnit": "PC", "IsMarkedForDeletion": False, "LastChangeDateTime": SEED_MS}


def _shown(one: Product, query: odata.Query) -> Product:
    """Every property is there; what nobody stated is empty."""
    whole = {name: one.get(name, None if schema["type"] == "boolean" else "") for name, schema in _FIELDS.items()}
    whole = {name: None if not value and name.endswith("Date") else value for name, value in whole.items()}
    whole["LastChangeDateTime"] = f"/Date({one['LastChangeDateTime']}+0000)/"
    chosen = {name: whole[name] for name in _FIELDS if not query.select or name in query.select}
    return {"__metadata": {"type": "API_PRODUCT_SRV.A_ProductType"}, **chosen}
