"""What people are told of on `inventory.alert.v1`, by a live worker whose limits are short."""

import pytest

from schemas.catalogue import INVENTORY_ALERT, INVENTORY_HOLD, RECOUNT_REQUEST
from schemas.models.inventory import InventoryAlert
from streams.runtime.clock import SystemClock
from tests.integration.runtime.conftest import MakeSite
from tests.integration.runtime.site import LONG_S, SOURCE, Site
from tests.processes import until

pytestmark = pytest.mark.integration

HOUR = 3_600_000_000
HOLD_LIMIT_S = 60


@pytest.fixture(scope="module")
def live(make_site: MakeSite) -> Site:
    """With one worker, for all tests here: each has SKUs of its own."""
    site = make_site(
        STREAMS_INVENTORY__BASE_ALERT_S="1",
        STREAMS_INVENTORY__HOLD_LIMIT_S=str(HOLD_LIMIT_S),
        STREAMS_INVENTORY__CHECK_EVERY_S="1",
    )
    site.ready()
    return site


def _alert(site: Site, sku: str, kind: str) -> InventoryAlert:
    """The one alert of this kind, however often it was sent."""

    def found() -> dict[str, InventoryAlert]:
        return {one.alert_id: one for one in site.desk.models(INVENTORY_ALERT, sku) if one.kind == kind}

    until(lambda: bool(found()), within=LONG_S, what=lambda: f"{kind}\n{site.workers[0].log[-3000:]}", step=0.3)
    (alert,) = found().values()
    return alert


def test_a_source_that_nobody_counts_is_told_and_a_recount_is_asked(live: Site) -> None:
    sku = live.sku("uncounted")

    live.move(sku, 5)

    alert = _alert(live, sku, "NO_BASE")
    assert (alert.source_code, live.shown(sku)) == (SOURCE, None)
    until(lambda: bool(live.desk.models(RECOUNT_REQUEST, sku)), within=LONG_S, what="the recount is asked")
    assert {one.reason for one in live.desk.models(RECOUNT_REQUEST, sku)} == {"NO_BASE"}


def test_a_shipment_that_nobody_posts_is_no_longer_added_and_that_is_told(live: Site) -> None:
    sku, old, young = live.sku("shipped"), 2 * HOLD_LIMIT_S * 1_000_000, 0
    live.count(sku, 10)
    live.wait_shown(sku, 10)

    live.hold(sku, 2, kind="SHIPPED_NOT_POSTED", since=young)
    live.wait_shown(sku, 12)
    live.hold(sku, 3, kind="SHIPPED_NOT_POSTED", since=old)

    alert = _alert(live, sku, "HOLD_EXPIRED")
    assert "3 are no longer added" in alert.detail
    live.wait_read()
    live.wait_shown(sku, 12)
    lifted = [one for one in live.desk.models(INVENTORY_HOLD, sku) if one.quantity == 0]
    assert {one.revision for one in lifted} == {2}


def test_a_clock_that_is_ahead_is_told_once_for_all_its_records(live: Site) -> None:
    sku = live.sku("ahead")
    ahead = {"source_system": "wms:ahead", "effective_at": SystemClock().micros() + HOUR}

    for quantity in (1, 2, 3):
        live.count(sku, quantity, **ahead)

    until(lambda: len(_letters(live, sku)) == 3, within=LONG_S, what="three letters")
    alert = _alert(live, sku, "CLOCK_SKEW")
    assert "wms:ahead" in alert.detail
    assert set(_letters(live, sku)) == {"effective-in-future"}
    assert live.shown(sku) is None


def _letters(site: Site, sku: str) -> list[str | None]:
    return [one.header("dl_reason") for one in site.letters() if one.key == sku.encode()]


def test_a_sku_that_the_catalogue_does_not_hold_is_told(live: Site) -> None:
    known, unknown = "in-the-catalogue", live.sku("unknown")

    live.count(known, 7)
    live.count(unknown, 7)

    alert = _alert(live, unknown, "UNKNOWN_SKU")
    assert "create it, or map the item" in alert.detail
    live.wait_shown(unknown, 7)
    live.wait_shown(known, 7)
    assert not [one for one in live.desk.models(INVENTORY_ALERT, known) if one.kind == "UNKNOWN_SKU"]
