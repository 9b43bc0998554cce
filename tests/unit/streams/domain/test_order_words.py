"""Vocabularies: every word is known or seen to be unknown, none is taken for another."""

from typing import get_args

import pytest

from connectors.netsuite.mapping import STATUSES as NETSUITE
from connectors.sap_s4hana.mapping import status_of
from connectors.sap_s4hana.wire import OrderRow
from schemas.models.fulfilment_event import FulfilmentStep
from streams.domain.order_state import OrderState
from streams.domain.order_table import KINDS
from streams.domain.order_words import CRM, ERP, SHOP, WMS, OrderWords


def test_every_state_has_its_word_for_the_shop_and_the_crm_and_every_step_its_kind() -> None:
    assert set(SHOP) == set(CRM) == set(OrderState)
    assert set(WMS) == set(get_args(FulfilmentStep))
    assert {kind for kind in (*ERP.values(), *WMS.values()) if kind is not None} <= set(KINDS)


@pytest.mark.parametrize(
    ("step", "kind"),
    [("SHIPPED", "SHIPPED"), ("PARTIALLY_SHIPPED", "SHIPPED"), ("SHORTED", "BACKORDERED"), ("RELEASED", None)],
)
def test_a_warehouses_step_becomes_an_event_or_says_nothing(step: FulfilmentStep, kind: str | None) -> None:
    assert OrderWords().kind_of_wms(step, has_lines=True) == kind


@pytest.mark.parametrize("step", ["PARTIALLY_SHIPPED", "SHORTED"])
def test_a_part_without_lines_is_not_taken_for_the_whole(step: FulfilmentStep) -> None:
    assert OrderWords().kind_of_wms(step, has_lines=False) == "UNKNOWN"


def test_a_whole_step_needs_no_lines() -> None:
    assert OrderWords().kind_of_wms("SHIPPED", has_lines=False) == "SHIPPED"


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Canceled", "CANCELLED"), ("  Pending   Fulfillment ", "CONFIRMED"), ("Closed", None), ("nonsense", "UNKNOWN")],
)
def test_an_erps_word_is_found_however_it_is_written(word: str, kind: str | None) -> None:
    assert OrderWords().kind_of_erp(word) == kind


def test_every_status_that_our_connectors_tell_is_known() -> None:
    letters = [OrderRow(sales_order="1", process_status=letter) for letter in ("", *"ABC")]
    letters += [OrderRow(sales_order="1", total_block_status=letter) for letter in "BC"]
    letters += [OrderRow(sales_order="1", total_credit_check_status=letter) for letter in "BC"]
    letters += [OrderRow(sales_order="1", rejection_status="C")]
    told = {*NETSUITE.values(), *map(status_of, letters)}

    assert len(told) > 10
    assert {word for word in told if OrderWords().kind_of_erp(word) == "UNKNOWN"} == set()


def test_a_shop_may_replace_a_table() -> None:
    words = OrderWords(shop={OrderState.ACKNOWLEDGED: "erp_confirmed"}, erp={"done": "INVOICED"}, wms={})

    assert words.status_of("commerce", OrderState.ACKNOWLEDGED) == "erp_confirmed"
    assert words.status_of("commerce", OrderState.HELD) is None
    assert words.kind_of_erp("billed") == "UNKNOWN"
    assert words.kind_of_wms("PICKED", has_lines=True) == "UNKNOWN"


def test_the_shop_is_told_no_status_unless_it_has_one_and_the_crm_is_told_ours() -> None:
    assert OrderWords().status_of("commerce", OrderState.SHIPPED) is None
    assert OrderWords().status_of("crm", OrderState.SHIPPED) == "shipped"
    assert OrderWords().status_of("finance", OrderState.SHIPPED) is None
