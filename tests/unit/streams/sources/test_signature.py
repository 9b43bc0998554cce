"""Who signed it, when, and over which bytes."""

import ast
import base64
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources import signature
from streams.sources.signature import Claim, UnsignedError, check, claim_of
from tests.unit.streams.sources.senders import KEYS, START, signed

NOW = int(START.timestamp()) * 1_000_000
SECOND = 1_000_000
BODY = b'{"number": "1"}'


def claim(headers: dict[str, str], now: int = NOW) -> Claim:
    return claim_of(headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], now=now)


def reason(headers: dict[str, str], body: bytes = BODY, key: str = "web", now: int = NOW) -> str:
    """Why it is refused; "" where it is taken."""
    try:
        check(claim(headers, now), body, [KEYS[key]])
    except UnsignedError as error:
        return error.reason
    return ""


def test_the_example_of_the_reference_libraries_is_taken() -> None:
    """Id, time, secret, body and signature as their tests and documents give them."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    known = claim_of(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        now=1_614_265_330 * SECOND,
    )

    check(known, b'{"test": 2432232314}', [key])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_holds_for_its_own_bytes_only(one: bytes, other: bytes) -> None:
    assert reason(signed(one), one) == ""
    assert (reason(signed(one), other) == "") == (one == other)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_message_of_the_last_five_minutes_or_the_next_is_taken(seconds: int) -> None:
    assert reason(signed(BODY), now=NOW + seconds * SECOND) == ""


@pytest.mark.parametrize("micros", [-301 * SECOND, -300 * SECOND - 1, 300 * SECOND + 1, 301 * SECOND])
def test_a_message_of_another_time_is_refused_whoever_signed_it(micros: int) -> None:
    assert reason(signed(BODY), now=NOW + micros) == "not-of-this-time"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("webhook-id", "", "no-signature"),
        ("webhook-timestamp", "", "no-signature"),
        ("webhook-signature", "", "no-signature"),
        ("webhook-id", "msg.1", "bad-id"),
        ("webhook-id", "msg 1", "bad-id"),
        ("webhook-id", "m" * 129, "bad-id"),
        ("webhook-id", "msg_ü", "bad-id"),
        ("webhook-timestamp", "now", "bad-timestamp"),
        ("webhook-timestamp", "-1", "bad-timestamp"),
        ("webhook-timestamp", "1e9", "bad-timestamp"),
        ("webhook-timestamp", "١٧٧٢", "bad-timestamp"),
        ("webhook-timestamp", "9" * 13, "bad-timestamp"),
        ("webhook-timestamp", "1", "not-of-this-time"),
        ("webhook-signature", "v1a,AAAA", "no-known-scheme"),
        ("webhook-signature", "AAAA", "no-known-scheme"),
        ("webhook-signature", "v1,", "wrong-signature"),
        ("webhook-signature", "v1,not base64", "wrong-signature"),
        ("webhook-signature", "v1,\udcff", "wrong-signature"),
    ],
)
def test_what_is_not_signed_as_it_must_be_is_refused(name: str, value: str, why: str) -> None:
    assert reason({**signed(BODY), name: value}) == why


def test_another_key_another_id_and_another_time_are_refused() -> None:
    assert reason(signed(BODY, "dealer")) == "wrong-signature"
    assert reason({**signed(BODY), "webhook-id": "msg_2"}) == "wrong-signature"
    moved = str(int(START.timestamp()) + 1)
    assert reason({**signed(BODY), "webhook-timestamp": moved}) == "wrong-signature"


def test_one_right_signature_among_several_is_enough_and_each_key_is_tried() -> None:
    wrong, right = signed(BODY, "dealer")["webhook-signature"], signed(BODY, "web-old")["webhook-signature"]
    several = {**signed(BODY), "webhook-signature": f"v1a,AAAA {wrong} {right}"}

    check(claim(several), BODY, [KEYS["web"], KEYS["web-old"]])
    with pytest.raises(UnsignedError):
        check(claim(several), BODY, [KEYS["web"]])


def test_digests_are_compared_in_constant_time_only() -> None:
    tree = ast.parse(inspect.getsource(signature.check))

    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "hmac.compare_digest" in ast.unparse(tree)
