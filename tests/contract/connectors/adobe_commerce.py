"""Adobe Commerce for the contract suite."""

import json
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import httpx
import msgspec

from connectors.adobe_commerce import answers, mapping, wire
from connectors.core.calls import Answer, Call
from connectors.core.errors import TooManyItemsError
from connectors.core.paths import path
from connectors.core.ports import StockTarget
from connectors.core.registry import Ports
from schemas.models.source_item import SourceItem
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract

ROWS = (
    SourceItem("A/B-1", "default", Decimal("190.7"), in_stock=True),
    SourceItem("C,2", "default", Decimal(0), in_stock=False),
)
PAIRS = tuple(row.pair for row in ROWS)

CONTRACT = Contract(
    Path(str(files("simulators.adobe_commerce"))) / "contract.json",
    # The server keeps the fields that are not sent (CatalogInventory/Model/StockRegistry.php).
    partial={"catalog-inventory-data-stock-item-interface"},
    # Documented for every route: AdobeDocs/commerce-webapi, rest/use-rest/retrieve-filtered-responses.md.
    extra_query={"fields"},
)

ON_PREMISES = {"base_url": "https://shop.example"}
SINGLE = {**ON_PREMISES, "single_stock": True}
CLOUD = {"base_url": "https://shop.example", "deployment": "saas", "tenant": "tenant-1"}

CREDENTIALS = {
    "oauth1": {
        "kind": "oauth1",
        "consumer_key": "canary-consumer-key",
        "consumer_secret": "canary-consumer-secret",
        "access_token": "canary-access-token",
        "access_token_secret": "canary-token-secret",
    },
    "token": {"kind": "token", "username": "sync", "password": "canary-password"},
    "ims": {"kind": "ims", "client_id": "client", "client_secret": "canary-secret", "org_id": "A@AdobeOrg"},
}


def _stock(ports: Ports) -> StockTarget:
    assert ports.stock is not None
    return ports.stock


async def _write(ports: Ports) -> None:
    await _stock(ports).write_source_items(ROWS)


async def _read(ports: Ports) -> None:
    await _stock(ports).read_source_items(PAIRS)


async def _sources(ports: Ports) -> None:
    await _stock(ports).source_codes()


async def _stocks(ports: Ports) -> None:
    await _stock(ports).stocks_of_sources()


async def _missing(ports: Ports) -> None:
    await _stock(ports).missing_skus(["A", "B,C"])


async def _check(ports: Ports) -> None:
    await _stock(ports).check()


def _empty_list(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": [], "total_count": 0})


def _done(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[])


def _stock_item(request: httpx.Request) -> httpx.Response:
    if request.method == "PUT":
        return httpx.Response(200, json=7)
    return httpx.Response(200, json={"item_id": 7, "qty": 1, "is_in_stock": True})


def _signs_in(request: httpx.Request) -> bool:
    return request.url.path.endswith(("/integration/admin/token", "/ims/token/v3"))


def _token(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/ims/token/v3"):
        return httpx.Response(200, json={"access_token": "canary-bearer", "expires_in": 86399})
    return httpx.Response(200, json="canary-bearer")


def _conforms(request: httpx.Request) -> None:
    if request.url.host == "shop.example":
        cloud = request.url.path.startswith("/tenant-1/")
        CONTRACT.check(request, prefix="/tenant-1" if cloud else "/rest/all")


def _source_items_request(recorded: bytes) -> tuple[object, object]:
    items = [mapping.from_source_item_row(row) for row in msgspec.json.decode(recorded, type=wire.SourceItemsBody).rows]
    again = wire.encode(wire.SourceItemsBody(tuple(mapping.to_source_item_row(item) for item in items)))
    return json.loads(recorded), json.loads(again)


def _source_items_page(recorded: bytes) -> tuple[object, object]:
    items = [mapping.from_source_item_row(row) for row in wire.decode_source_items(recorded).items]
    again = [msgspec.to_builtins(mapping.to_source_item_row(item), builtin_types=(Decimal,)) for item in items]
    return json.loads(recorded, parse_float=Decimal)["items"], again


def _sources_page(recorded: bytes) -> tuple[object, object]:
    codes = [row["source_code"] for row in json.loads(recorded)["items"]]
    return codes, [row.source_code for row in wire.decode_sources(recorded).items]


def _links_page(recorded: bytes) -> tuple[object, object]:
    links = [(row["stock_id"], row["source_code"]) for row in json.loads(recorded)["items"]]
    return links, [(row.stock_id, row.source_code) for row in wire.decode_links(recorded).items]


def _error(recorded: bytes) -> tuple[object, object]:
    body = wire.decode_error(recorded)
    said = answers.interpolate(body.message, body.parameters)
    return "Invalid product data: Invalid attribute set entity type", said


def _input_limit(recorded: bytes) -> tuple[object, object]:
    refused = Answer(status=400, headers={}, body=recorded, took=timedelta())
    error = answers.refusal(Call(operation="save", method="POST", path=path("x"), effect=True), refused)
    assert isinstance(error, TooManyItemsError)
    return json.loads(recorded)["parameters"]["max"], error.maximum


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="write", settings=ON_PREMISES, effect=True, run=_write, well=_done),
        Use(name="read", settings=ON_PREMISES, effect=False, run=_read, well=_empty_list),
        Use(name="sources", settings=ON_PREMISES, effect=False, run=_sources, well=_empty_list),
        Use(name="stocks", settings=ON_PREMISES, effect=False, run=_stocks, well=_empty_list),
        Use(name="missing", settings=ON_PREMISES, effect=False, run=_missing, well=_empty_list),
        Use(name="check", settings=ON_PREMISES, effect=False, run=_check, well=_empty_list),
        Use(name="single read", settings=SINGLE, effect=False, run=_read, well=_stock_item),
        Use(name="single check", settings=SINGLE, effect=False, run=_check, well=_empty_list),
        Use(name="single write", settings=SINGLE, effect=True, run=_write, well=_stock_item),
        Use(name="cloud write", settings=CLOUD, effect=True, run=_write, well=_done),
        Use(name="cloud read", settings=CLOUD, effect=False, run=_read, well=_empty_list),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "source-items.post.request.json": _source_items_request,
        "source-items.get.response.json": _source_items_page,
        "sources.get.response.json": _sources_page,
        "stock-source-links.get.response.json": _links_page,
        "error.400.response.json": _error,
        "error.input-limit.response.json": _input_limit,
    },
)
