"""What the brokers or librdkafka refuse, in one line that names the thing and what to do.

A wrong password shows first as "all brokers are down": the reason comes only through the error callback
(confluent-kafka; measured against Kafka 4.3), so every error that was heard is kept and the most telling one is said.
"""

from collections.abc import Sequence
from enum import IntEnum

from confluent_kafka import KafkaError, KafkaException


class Local(IntEnum):
    """librdkafka's own codes (rdkafka.h), which the client names with a leading underscore."""

    PARTITION_EOF = -191
    TRANSPORT = -195
    RESOLVE = -193
    MSG_TIMED_OUT = -192
    UNKNOWN_PARTITION = -190
    UNKNOWN_TOPIC = -188
    ALL_BROKERS_DOWN = -187
    TIMED_OUT = -185
    SSL = -181
    AUTHENTICATION = -169


_DECISIVE: tuple[tuple[int, str], ...] = (
    (
        Local.AUTHENTICATION,
        "the brokers refuse this user or password; correct STREAMS_KAFKA__SASL_USERNAME and …__SASL_PASSWORD",
    ),
    (Local.SSL, "the encrypted connection failed; correct STREAMS_KAFKA__SSL_CAFILE and its neighbours"),
    (Local.RESOLVE, "the host name is not known; correct STREAMS_KAFKA__BOOTSTRAP_SERVERS"),
)
"""They do not go away by waiting, in the order in which they explain the others."""

_ADVICE: dict[int, str] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "this user lacks the right for it; grant it to the user on the brokers",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "this user lacks the right READ on the group; grant it on the brokers",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this user lacks the right for it; use an administrator's credentials",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "it does not exist; run `commerce-streams topics apply`",
    Local.UNKNOWN_TOPIC: "it does not exist; run `commerce-streams topics apply`",
    Local.UNKNOWN_PARTITION: "there is no such partition",
    KafkaError.MSG_SIZE_TOO_LARGE: "the record is larger than the topic takes; raise its max.message.bytes",
    Local.TIMED_OUT: "no answer came in time; nothing says whether it was done: look, or run it again",
    Local.MSG_TIMED_OUT: "the brokers did not acknowledge it in time; nothing says whether it was taken",
    KafkaError.NON_EMPTY_GROUP: "workers of the group run; stop them first",
    KafkaError.UNKNOWN_MEMBER_ID: "workers of the group run; stop them first",
    KafkaError.GROUP_SUBSCRIBED_TO_TOPIC: "workers of the group run; stop them first",
}

_OTHER_PROTOCOL = "it closes the connection; does it speak what STREAMS_KAFKA__SECURITY_PROTOCOL says?"


def told(thing: str, error: KafkaError | KafkaException) -> str:
    """`thing: what is wrong and what to do`."""
    cause = cause_of(error)
    known = _ADVICE.get(cause.code()) or next((words for code, words in _DECISIVE if code == cause.code()), None)
    return f"{thing}: {known or _words(cause)}"


def _words(cause: KafkaError) -> str:
    """Some errors come with a request's name and nothing behind it."""
    text = cause.str()
    return f"{text}{cause.name()}" if text.endswith(": ") else text


def cause_of(error: KafkaError | KafkaException) -> KafkaError:
    if isinstance(error, KafkaError):
        return error
    found: KafkaError = error.args[0]
    return found


def decisive(heard: Sequence[KafkaError]) -> str | None:
    """Why waiting is of no use, where something that was heard says so."""
    codes = {_kind(error): error for error in heard}
    for code, words in _DECISIVE:
        if code in codes:
            return f"{words} ({_short(codes[code])})"
    return None


def _kind(error: KafkaError) -> int:
    """A broker that wants a client's certificate says so after the handshake: librdkafka calls that transport."""
    return Local.SSL if error.code() == Local.TRANSPORT and "SSL routines" in error.str() else error.code()


def reason(heard: Sequence[KafkaError], last: KafkaError) -> str:
    """The most telling of all that was heard, for brokers that do not answer."""
    telling = [error for error in heard if error.code() != Local.ALL_BROKERS_DOWN]
    if telling:
        return decisive(heard) or _short(telling[-1])
    return f"{_OTHER_PROTOCOL} ({_short(last)})" if last.code() == Local.TRANSPORT else _short(last)


def _short(error: KafkaError) -> str:
    """Without the client's own name and timing in front and behind."""
    text = error.str().partition(" (after ")[0]
    return text.rpartition("/bootstrap: ")[2][:200]
