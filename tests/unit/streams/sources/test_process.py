"""What stops the gateway before it takes anything: one line that names the thing, exit code 2."""

from collections.abc import Iterable, Mapping
from typing import cast

import pytest

from streams.runtime.cluster import Cluster, TopicState
from streams.settings import read_settings
from streams.sources.process import CannotStartError, check_topic
from tests.unit.streams.cli.calling import SETTINGS, one_line, run
from tests.unit.streams.sources.senders import TOPIC, whsec

SECRETS = f'{{"web": ["{whsec("web")}"]}}'


class Topics:
    """As much of a cluster as is asked."""

    def __init__(self, size: str = "") -> None:
        self._found = {TOPIC: TopicState("id", 8, {"max.message.bytes": size})} if size else {}

    def topics(self, _names: Iterable[str]) -> Mapping[str, TopicState]:
        return self._found

    def hidden(self, _names: Iterable[str]) -> frozenset[str]:
        return frozenset()


def check(cluster: Topics, **changes: str) -> None:
    check_topic(read_settings({**SETTINGS, **changes}), cast("Cluster", cluster))


def test_without_a_channel_nothing_is_started() -> None:
    line = one_line(run("gateway"))

    assert line.startswith("commerce-streams: STREAMS_GATEWAY__SECRETS: is not set; ")
    assert '{"web": ["whsec_' in line


def test_brokers_that_do_not_answer_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.runtime.cluster.ANSWER_S", 0.2)

    line = one_line(run("gateway", settings={**SETTINGS, "STREAMS_GATEWAY__SECRETS": SECRETS}))

    assert "STREAMS_KAFKA__BOOTSTRAP_SERVERS: no broker at 127.0.0.1:1 answers: " in line


def test_a_topic_that_is_not_there_is_named_with_what_makes_it() -> None:
    with pytest.raises(
        CannotStartError, match=r"topic commerce\.order\.v1 does not exist; run `commerce-streams topics"
    ):
        check(Topics())


def test_a_topic_that_could_not_take_every_order_is_refused() -> None:
    limit = {"STREAMS_GATEWAY__MAX_BODY_BYTES": "800000"}
    check(Topics("1048588"), **limit)

    with pytest.raises(CannotStartError, match=r"max\.message\.bytes is 860000, records of 865536 can come"):
        check(Topics("860000"), **limit)


def test_adobes_events_need_a_topic_that_takes_whole_orders() -> None:
    small = {"STREAMS_GATEWAY__MAX_BODY_BYTES": "1024"}
    events = {**small, "STREAMS_GATEWAY__ADOBE_EVENTS__CLIENT_ID": "ca7b36f2"}
    check(Topics("200000"), **small)
    check(Topics("1048588"), **events)

    with pytest.raises(CannotStartError, match=r"max\.message\.bytes is 200000, records of 327680 can come"):
        check(Topics("200000"), **events)


def test_events_without_a_shop_to_read_are_refused_at_start() -> None:
    settings = {**SETTINGS, "STREAMS_GATEWAY__ADOBE_EVENTS__CLIENT_ID": "ca7b36f2"}
    nowhere = {name: value for name, value in settings.items() if "__ADOBE_COMMERCE__" not in name}
    wms = "STREAMS_CONNECTORS__REST_WMS__"
    no_shop = {
        "STREAMS_ROLES__COMMERCE": "rest_wms",
        f"{wms}BASE_URL": "http://127.0.0.1:1",
        f"{wms}AUTH__KIND": "bearer",
        f"{wms}AUTH__TOKEN": "canary",
    }

    assert "STREAMS_CONNECTORS__ADOBE_COMMERCE: auth.kind is missing" in one_line(run("gateway", settings=nowhere))
    assert one_line(run("gateway", settings={**settings, **no_shop})) == (
        "commerce-streams: STREAMS_ROLES__COMMERCE: connector 'rest_wms' has no orders of a shop"
    )
