"""Who may call: admin tokens, signed requests, or Adobe's identity service in front of the SaaS edition.

Facts: AdobeDocs/commerce-webapi src/pages/get-started/authentication/gs-authentication-token.md and
src/pages/rest/authentication/server-to-server.md; texts of Commerce's refusals from magento/magento2 (read, not run);
the gateway's error codes as its users report them.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

from simulators.adobe_commerce.errors import ApiError, not_authorized
from simulators.adobe_commerce.oauth1 import OAuthDoor
from simulators.adobe_commerce.settings import Settings
from simulators.adobe_commerce.shop import Shop
from simulators.core.exchange import Answer, Call, json_answer

LOGIN_REFUSED = (
    "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
)
NEEDED_SCOPE = "commerce.accs"


class GatewayRefusalError(Exception):
    """A refusal in the gateway's own form; Commerce never saw the request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def answer(self) -> Answer:
        return json_answer(self.status, {"error_code": self.code, "message": str(self)})


TOKEN_MISSING = (401, "401010", "Oauth token is missing.")
TOKEN_INVALID = (401, "401013", "Oauth token is not valid")
KEY_MISSING = (403, "403000", "Api Key is required")
KEY_INVALID = (403, "403003", "Api Key is invalid")
WRONG_ORGANISATION = (403, "403", "The organization may not use this service")


class Doorkeeper:
    """Holds the tokens that were handed out."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._admin_tokens: dict[str, float] = {}
        self._ims_tokens: dict[str, float] = {}
        self._unscoped: set[str] = set()
        self._oauth = OAuthDoor()

    def expire_sessions(self) -> None:
        self._admin_tokens.clear()
        self._ims_tokens.clear()

    def authorise(self, call: Call, resource: str) -> str:
        """Name of the credential's kind.  Raises ApiError or GatewayRefusalError."""
        settings = self._shop.settings
        scheme = call.headers.get("authorization", "").partition(" ")[0].lower()
        if "ims" in settings.accepted_auth:
            self._check_ims(call, settings)
            kind = "ims"
        elif scheme == "oauth" and "oauth1" in settings.accepted_auth:
            self._oauth.check(call, settings)
            kind = "oauth1"
        elif self._is_admin(call, settings):
            kind = "token"
        else:
            raise not_authorized(resource)
        if resource in settings.denied_resources:
            raise not_authorized(resource)
        return kind

    def login(self, fields: Mapping[str, object]) -> str:
        """Hand out an admin token.  Raises ApiError for a wrong name or password."""
        settings = self._shop.settings
        if fields.get("username") != settings.username or fields.get("password") != settings.password:
            raise ApiError(401, LOGIN_REFUSED)
        token = self._new_token()
        self._admin_tokens[token] = self._shop.clock.now() + settings.token_life_s
        return token

    def ims_token(self, call: Call) -> Answer:
        """Adobe's token service: client credentials in a form."""
        settings = self._shop.settings
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return json_answer(400, {"error": "unsupported_grant_type"})
        if form.get("client_id") != settings.ims_client_id:
            return json_answer(400, {"error": "invalid_client", "error_description": "invalid client_id parameter"})
        if form.get("client_secret") != settings.ims_client_secret:
            return json_answer(400, {"error": "invalid_client", "error_description": "invalid client_secret parameter"})
        token = self._new_token()
        self._ims_tokens[token] = self._shop.clock.now() + settings.ims_token_life_s
        if NEEDED_SCOPE not in form.get("scope", "").replace(" ", ",").split(","):
            self._unscoped.add(token)
        body = {"access_token": token, "token_type": "bearer", "expires_in": int(settings.ims_token_life_s)}
        return json_answer(200, body)

    def _is_admin(self, call: Call, settings: Settings) -> bool:
        token = _bearer(call)
        if settings.integration_as_bearer and token == settings.oauth_access_token:
            return True
        ends_at = self._admin_tokens.get(token, 0.0)
        return "token" in settings.accepted_auth and self._shop.clock.now() < ends_at

    def _check_ims(self, call: Call, settings: Settings) -> None:
        """The gateway looks at key, token and organisation, in this order."""
        key = call.headers.get("x-api-key")
        if not key:
            raise GatewayRefusalError(*KEY_MISSING)
        if key != settings.ims_client_id:
            raise GatewayRefusalError(*KEY_INVALID)
        token = _bearer(call)
        if not token:
            raise GatewayRefusalError(*TOKEN_MISSING)
        if token in self._unscoped or self._shop.clock.now() >= self._ims_tokens.get(token, 0.0):
            raise GatewayRefusalError(*TOKEN_INVALID)
        if call.headers.get("x-gw-ims-org-id") != settings.ims_org_id:
            raise GatewayRefusalError(*WRONG_ORGANISATION)

    def _new_token(self) -> str:
        return f"{self._shop.rng.getrandbits(160):040x}"


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
