"""Which pollers run on which connector, and what is said where one cannot."""

from collections.abc import Mapping

import pytest

from simulators.netsuite.keys import new_pair
from streams.app.poll_choice import TOPIC_OF, CannotAskError, all_opened, chosen
from streams.app.polling import check_topics
from streams.app.targets import Choice
from streams.runtime.cluster import Cluster
from streams.settings import SettingsError, read_settings
from streams.sources.process import CannotStartError
from tests.fakes.append_log import as_json
from tests.fakes.still_clock import StillClock
from tests.unit.streams.cli.calling import SETTINGS

REST_WMS = {
    "STREAMS_ORDERS__ERP": "rest_wms",
    "STREAMS_CONNECTORS__REST_WMS__BASE_URL": "http://127.0.0.1:1",
    "STREAMS_CONNECTORS__REST_WMS__AUTH__KIND": "bearer",
    "STREAMS_CONNECTORS__REST_WMS__AUTH__TOKEN": "canary-5a1e",
}
"""Stands for an ERP that cannot be asked: it has no such port."""


def names(*asked: str, **changes: str) -> list[str]:
    return list(chosen(read_settings({**SETTINGS, **changes}), asked))


def without_a_shop() -> dict[str, str]:
    return {name: value for name, value in SETTINGS.items() if "CONNECTORS" not in name}


def test_each_poller_runs_whose_connector_is_configured() -> None:
    assert names() == ["commerce-orders"]
    assert names(**REST_WMS) == ["commerce-orders", "erp-orders"]


def test_names_on_the_command_line_go_before_the_setting() -> None:
    setting = {"STREAMS_POLL__POLLERS": '["erp-orders"]', **REST_WMS}

    assert names(**setting) == ["erp-orders"]
    assert names("commerce-orders", "commerce-orders", **setting) == ["commerce-orders"]


def test_where_nothing_can_be_polled_the_setting_that_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="STREAMS_CONNECTORS__ADOBE_COMMERCE__"):
        chosen(read_settings(without_a_shop()), ())
    with pytest.raises(SettingsError, match="STREAMS_ORDERS__ERP: is not set, and the poller erp-orders needs it"):
        names("erp-orders")


def opened(settings: Mapping[str, str], *, is_named: bool) -> list[tuple[str, float]]:
    known = read_settings(settings)
    choices: Mapping[str, Choice] = chosen(known, ())
    found = all_opened(choices, known, StillClock(), as_json, is_named=is_named)
    return [(one.poller.name, one.every.total_seconds()) for one in found]


def test_a_connector_that_cannot_be_asked_is_left_out_unless_its_poller_was_named() -> None:
    settings = {**SETTINGS, **REST_WMS}

    assert opened(settings, is_named=False) == [("commerce-orders", 60)]
    with pytest.raises(CannotAskError, match="STREAMS_ORDERS__ERP: connector 'rest_wms' does not tell what happened"):
        opened(settings, is_named=True)


def test_a_shop_that_is_no_shop_cannot_be_asked_which_orders_changed() -> None:
    settings = {**without_a_shop(), **REST_WMS, "STREAMS_ROLES__COMMERCE": "rest_wms"}

    with pytest.raises(CannotAskError, match="does not tell"):
        opened(settings, is_named=False)


def test_a_poller_has_the_interval_of_all_or_its_own() -> None:
    every = {**SETTINGS, "STREAMS_POLL__INTERVAL_S": "30"}
    own = {**every, "STREAMS_POLL__INTERVALS_S": '{"commerce-orders": 5}'}

    assert opened(every, is_named=True) == [("commerce-orders", 30)]
    assert opened(own, is_named=True) == [("commerce-orders", 5)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("POLLERS", '["crm"]', "STREAMS_POLL__POLLERS"),
        ("INTERVALS_S", '{"crm": 5}', "STREAMS_POLL__INTERVALS_S"),
        ("INTERVALS_S", '{"commerce-orders": 0}', "STREAMS_POLL__INTERVALS_S"),
        ("OVERLAP_S", "0", "STREAMS_POLL__OVERLAP_S"),
        ("SINCE", "2026-03-01", "must be a time with its zone"),
        ("SINCE", "yesterday", "must be a time with its zone"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        names(**{f"STREAMS_POLL__{name}": value})


class Topics:
    """As much of a cluster as is asked."""

    def __init__(self, *held: str) -> None:
        self._held = {name: frozenset({"ALL"}) for name in held}

    def topic_rights(self, _names: object) -> Mapping[str, frozenset[str]]:
        return self._held

    def hidden(self, _names: object) -> frozenset[str]:
        return frozenset()

    def group_rights(self, _group: str) -> frozenset[str] | None:
        return None


def test_a_topic_that_is_not_there_is_named_with_what_makes_it() -> None:
    settings = read_settings(SETTINGS)
    choices = chosen(settings, ())

    def check(*held: str) -> None:
        cluster: Cluster = Topics(*held)  # type: ignore[assignment]  # it is asked no more
        check_topics(settings, cluster, choices)

    check("commerce.order.v1", "source.cursor.v1")
    with pytest.raises(
        CannotStartError, match=r"topic source\.cursor\.v1 does not exist; run `commerce-streams topics"
    ):
        check("commerce.order.v1")
    with pytest.raises(CannotStartError, match=r"topic commerce\.order\.v1 does not exist"):
        check("source.cursor.v1")


NETSUITE = {
    "STREAMS_CONNECTORS__NETSUITE__BASE_URL": "http://127.0.0.1:1",
    "STREAMS_CONNECTORS__NETSUITE__AUTH__KIND": "m2m",
    "STREAMS_CONNECTORS__NETSUITE__AUTH__CLIENT_ID": "client",
    "STREAMS_CONNECTORS__NETSUITE__AUTH__CERTIFICATE_ID": "certificate",
    "STREAMS_CONNECTORS__NETSUITE__AUTH__PRIVATE_KEY": new_pair().private,
    "STREAMS_ORDERS__ERP": "netsuite",
}
REFERENCE = {"STREAMS_POLL__POLLERS": '["erp-products", "erp-prices", "crm-accounts"]', **NETSUITE}


def test_rows_for_checks_are_polled_where_they_are_named_and_not_so_often() -> None:
    assert names(**NETSUITE) == ["commerce-orders", "erp-orders"]
    assert opened({**SETTINGS, **REFERENCE}, is_named=True) == [
        ("erp-products", 300),
        ("erp-prices", 300),
        ("crm-accounts", 300),
    ]
    own = {"STREAMS_POLL__REFERENCE_INTERVAL_S": "900", "STREAMS_POLL__INTERVALS_S": '{"erp-prices": 60}'}
    assert [every for _, every in opened({**SETTINGS, **REFERENCE, **own}, is_named=True)] == [900, 60, 900]


def test_accounts_are_the_crms_and_the_erps_where_there_is_no_crm() -> None:
    crm = {"STREAMS_ORDERS__CRM": "rest_wms", **{name: value for name, value in REST_WMS.items() if "ERP" not in name}}

    def asked(**changes: str) -> tuple[str, str]:
        found = chosen(read_settings({**SETTINGS, **REFERENCE, **changes}), ())["crm-accounts"]
        return found.connector.name, found.setting

    assert asked() == ("netsuite", "STREAMS_ORDERS__ERP")
    assert asked(**crm) == ("rest_wms", "STREAMS_ORDERS__CRM")
    with pytest.raises(CannotAskError, match="STREAMS_ORDERS__CRM: connector 'rest_wms' does not tell its accounts"):
        opened({**SETTINGS, **REFERENCE, **crm}, is_named=True)
    with pytest.raises(SettingsError, match="STREAMS_ORDERS__ERP: is not set, and the poller erp-prices needs it"):
        names("erp-prices")


def test_the_topics_of_rows_for_checks_must_exist() -> None:
    choices = chosen(read_settings({**SETTINGS, **REFERENCE}), ())

    assert {TOPIC_OF[name] for name in choices} == {"erp.product.v1", "erp.price.v1", "crm.account.v1"}
