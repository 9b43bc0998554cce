"""Schema ids: ours where it is registered, whatever stands on top of it."""

import pytest

from simulators.wms.poison import bomb_schema
from simulators.wms.registry import Registry, RegistryError, resolve
from simulators.wms.wire import STOCK_TOPIC, schema_of, subject_of
from tests.fakes.registry import FakeRegistry

OURS = schema_of(STOCK_TOPIC)
SUBJECT = subject_of(STOCK_TOPIC)


def test_the_newest_version_is_used_where_it_is_ours(registry: FakeRegistry) -> None:
    registry.add("other-value", {"type": "string"})
    number = registry.add(SUBJECT, OURS)

    assert resolve(Registry(registry.url), STOCK_TOPIC, OURS) == (number, OURS)
    assert registry.requests == [f"GET /subjects/{SUBJECT}/versions/latest"]


def test_ours_is_found_under_a_newer_version(registry: FakeRegistry) -> None:
    number = registry.add(SUBJECT, OURS)
    registry.add(SUBJECT, bomb_schema(OURS))

    assert resolve(Registry(registry.url), STOCK_TOPIC, OURS) == (number, OURS)


def test_another_schema_of_the_subject_is_used_as_it_is(registry: FakeRegistry) -> None:
    newer = bomb_schema(OURS)
    number = registry.add(SUBJECT, newer)

    assert resolve(Registry(registry.url), STOCK_TOPIC, OURS) == (number, newer)


def test_an_unknown_subject_is_an_error_unless_it_may_be_registered(registry: FakeRegistry) -> None:
    ours = Registry(registry.url)

    with pytest.raises(RegistryError, match="404"):
        resolve(ours, STOCK_TOPIC, OURS)
    assert resolve(ours, STOCK_TOPIC, OURS, register=True).schema_id == 1
    assert registry.subjects == {SUBJECT: [1]}


def test_a_schema_is_fetched_once(registry: FakeRegistry) -> None:
    number = registry.add(SUBJECT, OURS)
    ours = Registry(registry.url)

    assert ours.schema(number) == ours.schema(number) == OURS
    assert registry.requests == [f"GET /schemas/ids/{number}"]


@pytest.mark.parametrize("url", ["127.0.0.1:8081", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Registry(url)
