"""OAuth 1.0a as Commerce checks it: every request is signed anew, and a nonce serves once.

Facts: AdobeDocs/commerce-webapi src/pages/get-started/authentication (gs-authentication-oauth.md, oauth-errors.md,
gs-authentication-token.md); magento/magento2 Framework/Oauth/Oauth.php, Framework/Oauth/Helper/Request.php and
Integration/Model/Oauth (read, not run).  The order of the checks is Commerce's: the nonce is used up before the
signature is looked at.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, unquote_plus

from simulators.adobe_commerce.errors import ApiError, missing
from simulators.adobe_commerce.settings import Settings
from simulators.core.exchange import Call

METHOD = "HMAC-SHA256"
LENGTH = 32
CONSUMER_ID = "1"
DEMANDED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
PROTOCOL = re.compile(r"oauth_[a-z_-]+")


class OAuthDoor:
    """Remembers used nonces for the life of the state."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def check(self, call: Call, settings: Settings) -> None:
        """Raises ApiError unless the request is signed by the one integration that the settings hold."""
        header = header_parameters(call.headers.get("authorization", ""))
        _check_form(header)
        if len(header["oauth_consumer_key"]) != LENGTH:
            raise ApiError(401, "Consumer key is not the correct length")
        if header["oauth_consumer_key"] != settings.oauth_consumer_key:
            raise ApiError(401, "A consumer having the specified key does not exist")
        self._use_nonce(header, call.at, settings)
        if header["oauth_token"] != settings.oauth_access_token:
            raise ApiError(401, "Specified token does not exist")
        expected = signature(call, header, settings)
        if not hmac.compare_digest(expected.encode(), header["oauth_signature"].encode()):
            raise ApiError(401, "The signature is invalid. Verify and try again.")

    def _use_nonce(self, header: Mapping[str, str], now: float, settings: Settings) -> None:
        digits = header["oauth_timestamp"]
        stamp = int(digits) if TIMESTAMP.fullmatch(digits) else 0
        too_old = settings.oauth_past_s is not None and stamp < now - settings.oauth_past_s
        if stamp <= 0 or stamp > now + settings.oauth_future_s or too_old:
            raise ApiError(400, "The timestamp value in the oauth_timestamp parameter is incorrect.")
        if header["oauth_nonce"] in self._used:
            raise ApiError(401, "The nonce is already being used by the consumer with ID %1.", [CONSUMER_ID])
        self._used.add(header["oauth_nonce"])


def header_parameters(header: str) -> dict[str, str]:
    """The oauth_… parameters of an Authorization header; others (realm) do not count."""
    found = {}
    for part in header.partition(" ")[2].split(","):
        name, equals, value = part.strip().partition("=")
        if equals and PROTOCOL.search(name):
            found[unquote(name)] = unquote(value.strip('"'))
    return found


def signature(call: Call, header: Mapping[str, str], settings: Settings) -> str:
    """Base64 of the HMAC over method, address without query, and all parameters of header and query."""
    parameters = {name: value for name, value in header.items() if name != "oauth_signature"}
    for pair in call.query.split("&"):
        name, equals, value = pair.partition("=")
        if equals and "=" not in value and not PROTOCOL.search(name):
            parameters[unquote_plus(name)] = unquote_plus(value)
    joined = "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in parameters.items()))
    address = f"http://{_host(call)}{call.path}"
    base = f"{call.method}&{_encoded(address)}&{_encoded(joined)}"
    key = f"{settings.oauth_consumer_secret}&{settings.oauth_access_token_secret}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _check_form(header: Mapping[str, str]) -> None:
    if header.get("oauth_version", "1.0") != "1.0":
        raise ApiError(400, 'The "%1" Oauth version isn\'t supported.', [header["oauth_version"]])
    absent = [name for name in DEMANDED if not header.get(name)]
    if absent:
        raise missing(absent)
    if len(header["oauth_token"]) != LENGTH:
        raise ApiError(400, "The token length is invalid. Check the length and try again.")
    if header["oauth_signature_method"] != METHOD:
        raise ApiError(400, "Signature method %1 is not supported", [header["oauth_signature_method"]])


def _host(call: Call) -> str:
    return call.headers.get("host", "").lower().removesuffix(":80")


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
