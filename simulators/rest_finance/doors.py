"""Who may call: client id and secret get a token (RFC 6749, 4.4), a token opens the books for its life."""

from urllib.parse import parse_qs

from simulators.core.exchange import Call
from simulators.rest_finance.settings import Settings


class Doors:
    """Tokens that were handed out, with their ends."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._issued = 0

    def issue(self, call: Call, settings: Settings, now: float) -> str | None:
        """A new token; None for a client that the books do not know.  Raises ValueError for no such form."""
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            raise ValueError("grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (settings.client_id, settings.client_secret):
            return None
        self._issued += 1
        token = f"simulated-finance-token-{self._issued}"
        self._ends[token] = now + settings.token_life_s
        return token

    def knows(self, call: Call, now: float) -> bool:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._ends.get(token.strip(), 0.0) > now

    def expire(self) -> None:
        self._ends.clear()
