"""One line of a diagnosis, and how a check that fails by itself becomes one."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from confluent_kafka import KafkaException

from streams.runtime.cluster import ClusterUnavailableError
from streams.runtime.operating.brokers import TopicMissingError
from streams.runtime.refusals import told
from streams.runtime.serde import RegistryUnavailableError
from streams.settings import SettingsError

Verdict = Literal["ok", "warn", "fail", "skipped"]


class Check(NamedTuple):
    """`advice` says what to do; empty where all is well."""

    name: str
    verdict: Verdict
    what: str
    advice: str = ""


def examined(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """The lines of one check; where it cannot look, one line that says why."""
    try:
        return list(look())
    except (ClusterUnavailableError, TopicMissingError, SettingsError) as error:
        return [Check(name, "fail", str(error))]
    except KafkaException as error:
        return [Check(name, "fail", told("the brokers did not do this", error))]
    except RegistryUnavailableError as error:
        return [
            Check(name, "fail", f"it does not answer: {error}", "Correct STREAMS_SCHEMA_REGISTRY__URL, or start it.")
        ]
