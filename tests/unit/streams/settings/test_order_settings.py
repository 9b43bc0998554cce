"""From what an operator wrote of orders to the tables that the rules work with."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from streams.domain.cut_off import CutOffs
from streams.domain.order_news import NewsRules
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_rules import DEFAULTS, MINUTE
from streams.domain.order_words import ERP, WMS
from streams.domain.stock_rules import StockRules
from streams.settings.rules import cut_off_table, news_rules, order_rules, stock_rules
from tests.unit.streams.settings.test_read_settings import read, wrong

ROLES = DEFAULTS.roles


def test_the_defaults_are_those_of_the_rules() -> None:
    settings = read()

    assert order_rules(settings.orders, ROLES, "commerce") == DEFAULTS
    assert news_rules(settings.orders, StockRules(), "commerce") == NewsRules()


def test_who_may_say_what_and_how_long_is_waited_are_taken_over() -> None:
    settings = read(
        ORDERS__SPEAKERS='{"DATE_MOVED": ["netsuite"], "CANCELLED": ["netsuite", "commerce"]}',
        ORDERS__FURTHEST='["wms:3pl"]',
        ORDERS__PATIENCE_S="90",
        ORDERS__SHOP_CHANNELS='["web-us"]',
    )
    rules = order_rules(settings.orders, frozenset({"erp"}), "web")

    assert rules.roles == {"erp"}
    assert [rules.may_say(system, "DATE_MOVED") for system in ("netsuite", "wms:3pl")] == [True, False]
    assert rules.may_say("anybody", "SHIPPED")
    assert (rules.furthest, rules.patience) == (frozenset({"wms:3pl"}), 90 * MINUTE // 60)
    assert rules.shop_channels == {"web", "web-us"}


def test_routing_rules_keep_their_order_and_without_them_the_erp_decides() -> None:
    settings = read(
        ORDERS__ROUTING='[{"sources": ["east", "west"], "countries": ["US"], "regions": ["NY"], "skus": "PUMP-*",'
        ' "channels": ["web"]}, {"sources": ["west"]}]'
    )

    assert order_rules(settings.orders, ROLES, "commerce").routing == RoutingRules(
        (
            RoutingRule(("east", "west"), frozenset({"US"}), frozenset({"NY"}), "PUMP-*", frozenset({"web"})),
            RoutingRule(("west",)),
        )
    )
    assert order_rules(read().orders, ROLES, "commerce").routing.erp_decides


def test_words_of_a_shop_are_laid_over_ours() -> None:
    settings = read(
        ORDERS__WORDS__ERP='{" Zur  Lieferung": "CONFIRMED", "Credit Hold": ""}',
        ORDERS__WORDS__WMS='{"LOADED": "PACKED"}',
    )
    words = news_rules(settings.orders, StockRules(), "commerce").words

    assert [words.kind_of_erp(word) for word in ("zur lieferung", "CREDIT HOLD", "canceled", "x")] == [
        "CONFIRMED",
        None,
        "CANCELLED",
        "UNKNOWN",
    ]
    assert words.kind_of_wms("LOADED", has_lines=False) == "PACKED"
    assert words.wms == {**WMS, "LOADED": "PACKED"}
    assert words.erp == {**ERP, "zur lieferung": "CONFIRMED", "credit hold": None}


def test_orders_are_known_by_every_channel_and_tasks_by_every_source() -> None:
    settings = read(
        ORDERS__SHOP_CHANNELS='["web-us"]',
        ORDERS__CHANNELS='["dealer"]',
        ORDERS__SHOP_NUMBERS="N[0-9]+",
        ORDERS__OWN_LINES='["wms:3pl"]',
        ORDERS__ROUTING='[{"sources": ["west"]}]',
        INVENTORY__LOCATIONS='{"WH-1": "east"}',
    )
    rules = news_rules(settings.orders, stock_rules(settings.inventory), "web")

    assert rules.orders.channels == {"web", "web-us", "dealer"}
    assert rules.orders.id_of_number("7") == "web-7"
    assert [rules.orders.id_of_either(number) for number in ("7", "N7")] == [None, "web-N7"]
    assert [rules.orders.id_in(task) for task in ("web-7-east", "dealer-7-west.2")] == ["web-7", "dealer-7"]
    assert (rules.own_lines, rules.stock.source_of("WH-1")) == (frozenset({"wms:3pl"}), "east")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ORDERS__WORDS__ERP", '{"done": "FINISHED"}', "no such event; allowed are CANCEL_REQUESTED"),
        ("ORDERS__WORDS__ERP", '{"placed": "PLACED"}', "no such event"),
        ("ORDERS__WORDS__ERP", '{"Open Order": "CONFIRMED", "open  order": ""}', "a word stands here once"),
        ("ORDERS__WORDS__ERP", '{" ": "CONFIRMED"}', "a word stands here once"),
        ("ORDERS__WORDS__WMS", '{"SENT": "SHIPPED"}', "STREAMS_ORDERS__WORDS__WMS__SENT"),
        ("ORDERS__WORDS__WMS", '{"LOADED": "RELEASED"}', "no such event"),
        ("ORDERS__SPEAKERS", '{"SENT": ["wms"]}', "no such event"),
        ("ORDERS__SPEAKERS", '{"SHIPPED": [""]}', "at least 1 character"),
        ("ORDERS__SHOP_CHANNELS", '["a/b"]', "a channel's name has only"),
        ("ORDERS__CHANNELS", '["a b"]', "a channel's name has only"),
        ("ORDERS__ROUTING", '[{"sources": []}]', "at least 1 item"),
        ("ORDERS__ROUTING", '[{"source": ["east"]}]', "STREAMS_ORDERS__ROUTING"),
        ("ORDERS__ROUTING", '{"sources": ["east"]}', "must look like"),
        ("ORDERS__SHOP_NUMBERS", "(", "not a regular expression"),
        ("ORDERS__PATIENCE_S", "0", "greater than 0"),
    ],
)
def test_what_no_rule_can_use_is_refused_at_the_start(name: str, value: str, said: str) -> None:
    assert said in wrong(**{name: value})


def test_when_labels_are_booked_and_by_which_service_is_taken_over() -> None:
    settings = read(ORDERS__LABELS__AT="picked", ORDERS__LABELS__SERVICES='{"flatrate_flatrate": "ground"}')
    rules = order_rules(settings.orders, ROLES, "commerce")

    assert (rules.label_at, dict(rules.services)) == ("PICKED", {"flatrate_flatrate": "ground"})
    assert "LABELS__AT" in wrong(ORDERS__LABELS__AT="shipped")


def test_cut_offs_are_taken_over_by_channel() -> None:
    settings = read(
        ORDERS__CUT_OFFS='{"*": {"at": ["14:00", "08:30"], "zone": "Europe/Berlin", "weekdays": ["mon", "fri"]},'
        ' "edi": {"at": ["10:00"], "lead_days": 2}}'
    )

    table = cut_off_table(settings.orders)

    assert table["*"] == CutOffs((time(8, 30), time(14)), ZoneInfo("Europe/Berlin"), frozenset({0, 4}))
    assert (table["edi"].lead_days, table["edi"].weekdays) == (2, frozenset(range(7)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{"*": {"at": ["14.00"]}}', "no time of day"),
        ('{"*": {"at": []}}', "at least 1"),
        ('{"*": {"at": ["14:00"], "zone": "Berlin"}}', "no such time zone"),
        ('{"*": {"at": ["14:00"], "weekdays": ["someday"]}}', "'mon'"),
        ('{"a b": {"at": ["14:00"]}}', "letters, digits"),
    ],
)
def test_a_cut_off_that_cannot_be_meant_is_one_line(given: str, said: str) -> None:
    line = wrong(ORDERS__CUT_OFFS=given)

    assert said in line
    assert "STREAMS_ORDERS__CUT_OFFS" in line
    assert line.count("\n") <= 1


def test_a_latency_target_is_of_a_role_that_there_is() -> None:
    assert read(ORDERS__LATENCY_TARGETS_S='{"erp": 60}').orders.latency_targets_s == {"erp": 60}
    assert "STREAMS_ORDERS__LATENCY_TARGETS_S" in wrong(ORDERS__LATENCY_TARGETS_S='{"pim": 60}')
