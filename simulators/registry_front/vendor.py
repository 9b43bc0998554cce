"""What the door does with a request: hands it to the registry behind it, and hands back what that answered."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping

import msgspec

from simulators.core import wire
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer

WITHIN_S = 20.0
HANDED_ON = ("accept", "content-type", "authorization")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Door:
    """Its faults are those of every simulator: `status` with a `body` answers with another schema."""

    name = "registry-front"
    fault_options: Mapping[str, frozenset[str]] = {}

    def __init__(self, behind: str) -> None:
        self._behind = behind.rstrip("/")
        self._answered = 0

    async def answer(self, call: Call, note: Note) -> Answer:
        found = await asyncio.to_thread(self._asked, call)
        self._answered += 1
        note.effect = call.method != "GET" and found.status < 300
        return found

    def _asked(self, call: Call) -> Answer:
        address = f"{self._behind}{call.path}" + (f"?{call.query}" if call.query else "")
        headers = {name: value for name, value in call.headers.items() if name.lower() in HANDED_ON}
        request = urllib.request.Request(  # noqa: S310 - the registry of this machine
            address, call.body or None, headers, method=call.method
        )
        try:
            with _DIRECT.open(request, timeout=WITHIN_S) as answer:
                return Answer(answer.status, answer.read(), content_type=answer.headers.get_content_type())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read(), content_type=refused.headers.get_content_type())
        except OSError as away:
            return json_answer(502, {"error_code": 502, "message": f"the registry does not answer: {away}"})

    # ── what a simulator must have ───────────────────────────────────────────────────────────────

    def admit(self, call: Call) -> Answer | None:  # noqa: ARG002 - every vendor has it
        """Who may ask is the registry's business."""
        return None

    def error_answer(self, status: int) -> Answer:
        """Confluent's form (Schema Registry API, "Errors")."""
        return json_answer(status, {"error_code": status, "message": "a fault that was asked for"})

    def refuse_credential(self, call: Call) -> Answer:  # noqa: ARG002 - as above
        return self.error_answer(401)

    def expire_sessions(self) -> None:
        """There are none."""

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """Schemas are long, and no secret; which one was meant stands in the path."""
        return msgspec.Raw(wire.encode({"bytes": len(call.body)}))

    def read_state(self) -> object:
        return {"answered": self._answered}

    def replace_state(self, document: bytes) -> None:  # noqa: ARG002 - as above
        raise ValueError("the registry behind this door has the state")

    def reset(self) -> None:
        self._answered = 0

    def controls(self) -> list[ControlRoute]:
        return []
