from collections.abc import Mapping
from typing import cast

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError

from streams.rights import Right
from streams.runtime.cluster import Cluster
from streams.runtime.granted import lost_right, refusal
from streams.settings import read_settings
from tests.unit.streams.cli.calling import SETTINGS

RIGHTS = (Right("group", "app", "READ"), Right("topic", "a", "READ"), Right("topic", "a", "WRITE"))
FULL = frozenset({"READ", "WRITE", "DESCRIBE"})
USER = {"STREAMS_KAFKA__SASL_USERNAME": "mw"}


class Granting:
    """As much of a cluster as is asked."""

    def __init__(self, *, hidden: frozenset[str] = frozenset(), group: frozenset[str] | None = None) -> None:
        self._hidden, self._group = hidden, group

    def hidden(self, names: list[str]) -> frozenset[str]:
        return self._hidden & set(names)

    def group_rights(self, _group: str) -> frozenset[str] | None:
        return self._group


def said(granted: Mapping[str, frozenset[str]], cluster: Granting, **changes: str) -> str | None:
    kafka = read_settings({**SETTINGS, **changes}).kafka
    return refusal(cast("Cluster", cluster), kafka, "worker", RIGHTS, granted)


def test_nothing_is_said_where_every_right_is_there() -> None:
    assert said({"a": FULL}, Granting(group=frozenset({"READ"}))) is None


def test_brokers_that_do_not_tell_rights_are_believed() -> None:
    assert said({"a": frozenset()}, Granting(group=None)) is None


def test_a_missing_right_is_named_with_user_and_topic_and_with_what_prints_the_list() -> None:
    line = said({"a": frozenset({"READ"})}, Granting(), **USER)

    assert line == (
        "the Kafka user mw lacks WRITE on topic a; `commerce-streams topics acls --part worker` prints what to grant"
    )


def test_a_topic_that_this_user_may_not_see_is_not_called_missing() -> None:
    line = said({}, Granting(hidden=frozenset({"a"})))

    assert line is not None
    assert line.startswith("this Kafka user lacks READ on topic a, WRITE on topic a; ")


def test_a_topic_that_is_not_there_is_named_with_what_makes_it() -> None:
    assert said({}, Granting()) == "topic a does not exist; run `commerce-streams topics apply`"


def test_a_group_that_this_user_may_not_join_is_named() -> None:
    line = said({"a": FULL}, Granting(group=frozenset({"DESCRIBE"})))

    assert line is not None
    assert "lacks READ on group app; " in line


@pytest.mark.parametrize(
    ("error", "thing"),
    [
        (TopicAuthorizationFailedError("a"), "topic a"),
        (TopicAuthorizationFailedError({"b", "a"}), "topic a, b"),
        (GroupAuthorizationFailedError("app"), "group app"),
        (TopicAuthorizationFailedError(), "topic ?"),
    ],
)
def test_a_right_that_is_taken_away_from_a_running_worker_is_told_in_one_line(error: Exception, thing: str) -> None:
    line = lost_right(error)

    assert f"took away a right of this user on {thing}; " in line
    assert "\n" not in line


def test_any_other_error_is_no_matter_of_rights() -> None:
    assert lost_right(KafkaConnectionError("away")) == ""
