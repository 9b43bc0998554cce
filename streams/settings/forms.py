"""Forms of values that are more than a type: what would do harm later, or nothing at all, is refused at the start."""

import re
from base64 import b64decode
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr

from connectors.core.settings import BaseUrl, is_private
from streams.domain.order_checks import CHECKS
from streams.domain.order_id import unified_id
from streams.domain.order_words import SAID_BY_SYSTEMS, plain_word
from streams.domain.quantities import MICROS, RECORD_LIMIT
from streams.domain.stock_rules import ANY

Port = int
Milliseconds = int
Seconds = float

MOST_UNITS = RECORD_LIMIT // MICROS
_SERVER = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?P<port>\d{1,5})")


def _servers(value: str) -> str:
    servers = [one.strip() for one in value.split(",")]
    found = [_SERVER.fullmatch(one) for one in servers]
    if not all(one is not None and 0 < int(one["port"]) <= 65_535 for one in found):
        raise ValueError("must be host:port, several separated by commas, without user or scheme")
    return ",".join(servers)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, e.g. Europe
        raise ValueError("no such time zone; allowed are names such as UTC or Europe/Berlin") from None
    return name


def _findable(pairs: dict[str, Decimal]) -> dict[str, Decimal]:
    """The look-up tries `source|sku`, `*|sku` and `source|*`, and knows no other patterns."""
    for key in pairs:
        source, _bar, sku = key.partition("|")
        if not (_is_one_or_any(source) and _is_one_or_any(sku)) or source == sku == ANY:
            raise ValueError(f"no look-up can find the key {key!r}; allowed are source|sku, *|sku and source|*")
    return pairs


def _one_each_or_all(skus: tuple[str, ...]) -> tuple[str, ...]:
    for sku in skus:
        if not _is_one_or_any(sku):
            raise ValueError(f"{sku!r} is no SKU; allowed are whole SKUs, or * alone for all")
    return skus


def _is_one_or_any(name: str) -> bool:
    """A `*` at the end of a longer name is meant as a pattern, which is not looked up here."""
    return bool(name) and name == name.strip() and (name == ANY or not name.endswith(ANY))


def _check(name: str) -> str:
    if name not in CHECKS:
        raise ValueError(f"no such check; allowed are {', '.join(CHECKS)}")
    return name


_ALPHA_2 = re.compile(r"[A-Z]{2}")


def _country(code: str) -> str:
    if not _ALPHA_2.fullmatch(code):
        raise ValueError("a country is two capital letters (ISO 3166-1 alpha-2)")
    return code


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _lower(word: str) -> str:
    return word.strip().lower()


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_BEARER = re.compile(r"[A-Za-z0-9._~+/=-]{24,256}")
"""RFC 6750, section 2.1, and long enough that nobody guesses it."""
WHSEC = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _moment(text: str) -> str:
    """A time with its zone, or nothing."""
    try:
        is_one = not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError("must be a time with its zone, like 2026-03-01T00:00:00Z")
    return text


def _time_of_day(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day; allowed are 00:00 to 23:59")
    return text


def _channel_or_any(name: str) -> str:
    return name if name == ANY else _channel(name)


def _channel(name: str) -> str:
    if not _CHANNEL.fullmatch(name):
        raise ValueError("a channel's name has only letters, digits, _ and -")
    unified_id(name, "1")  # says how long it may be
    return name


def _event_kind(kind: str) -> str:
    if kind not in SAID_BY_SYSTEMS:
        raise ValueError(f"no such event; allowed are {', '.join(SAID_BY_SYSTEMS)}")
    return kind


def _event_kind_or_nothing(kind: str) -> str:
    return _event_kind(kind) if kind else kind


def _plain_words(words: dict[str, str]) -> dict[str, str]:
    """Two spellings of one word must not stand for two things."""
    plain = {plain_word(word): kind for word, kind in words.items()}
    if len(plain) != len(words) or "" in plain:
        raise ValueError("a word stands here once, and has letters; upper and lower case are the same")
    return plain


def secret_bytes(secret: SecretStr) -> bytes:
    """The key behind `whsec_…`.  Raises ValueError, without the secret.

    Prefix, base64 and 24 to 64 bytes: Standard Webhooks 1.0.0, "Signature scheme".
    """
    text = secret.get_secret_value()
    try:
        found = b64decode(text.removeprefix(WHSEC), validate=True) if text.startswith(WHSEC) else b""
    except ValueError:
        found = b""
    if not LEAST_BYTES <= len(found) <= MOST_BYTES:
        raise ValueError(f"a secret is {WHSEC} and {LEAST_BYTES} to {MOST_BYTES} random bytes in base64")
    return found


def _webhook_secret(secret: SecretStr) -> SecretStr:
    secret_bytes(secret)
    return secret


def _bearer(secret: SecretStr) -> SecretStr:
    if not _BEARER.fullmatch(secret.get_secret_value()):
        raise ValueError("a token has 24 to 256 of the characters A-Z a-z 0-9 - . _ ~ + / =")
    return secret


def _safe_address(url: str) -> str:
    """What is read there is believed, so nobody on the way may write it."""
    if not is_private(url):
        raise ValueError("must start with https://, unless it is on this machine")
    return url


def _public_key(pem: str) -> str:
    if pem:
        from streams.settings.public_keys import rsa_key_of  # noqa: PLC0415  heavy: only who sets a key needs it

        rsa_key_of(pem.encode())
    return pem


CheckName = Annotated[str, AfterValidator(_check)]
Country = Annotated[str, AfterValidator(_country)]
Pattern = Annotated[str, Field(max_length=100), AfterValidator(_pattern)]
Word = Annotated[str, AfterValidator(_lower)]
Brokers = Annotated[str, AfterValidator(_servers)]
EventKind = Annotated[str, AfterValidator(_event_kind)]
EventKindOrNothing = Annotated[str, AfterValidator(_event_kind_or_nothing)]
ErpWords = Annotated[dict[str, EventKindOrNothing], AfterValidator(_plain_words)]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Moment = Annotated[str, AfterValidator(_moment)]
PollerName = Literal["commerce-orders", "erp-orders", "erp-products", "erp-prices", "crm-accounts"]
OrderRole = Literal["erp", "wms", "crm", "commerce", "carrier", "finance"]
PollSeconds = Annotated[float, Field(ge=1, le=86_400)]
Channel = Annotated[str, AfterValidator(_channel)]
ChannelOrAny = Annotated[str, AfterValidator(_channel_or_any)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
SafeUrl = Annotated[BaseUrl, AfterValidator(_safe_address)]
PublicKey = Annotated[str, AfterValidator(_public_key)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
Bearer = Annotated[SecretStr, AfterValidator(_bearer)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Quantity = Annotated[Decimal, Field(ge=0, le=MOST_UNITS, decimal_places=6)]
Factor = Annotated[Decimal, Field(gt=0, le=MOST_UNITS)]
Pairs = Annotated[dict[str, Quantity], AfterValidator(_findable)]
SkusOrAll = Annotated[tuple[str, ...], AfterValidator(_one_each_or_all)]
