"""One request through a stand-in whose contract is ours: path, credential, operation, answer or refusal."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from simulators.core import wire
from simulators.core.exchange import Answer, Call, Note, json_answer
from simulators.plain_rest.documents import FormT, UnfitDocumentError, read


class Route(NamedTuple):
    """What a path and a method lead to; `key` is what the path names."""

    operation: str
    key: str = ""


class Refusal(Exception):  # noqa: N818 - it is an answer
    """Any answer but success; `fields` are names of members."""

    def __init__(self, status: int, code: str, *fields: str) -> None:
        super().__init__(code)
        self.status, self.code, self.fields = status, code, fields


Operation = Callable[[Route, Call, Note], Answer]


class PlainRest(ABC):
    """`operations` by name; `challenge` is what a 401 asks for (RFC 9110, 11.6.1)."""

    fault_options: Mapping[str, frozenset[str]] = {}
    challenge: str
    operations: Mapping[str, Operation]

    @abstractmethod
    def methods(self, segments: list[str]) -> Mapping[str, Route] | None:
        """Method → route of a path; None where there is no such path."""

    @abstractmethod
    def authorise(self, route: Route, call: Call, note: Note) -> None:
        """Raises Refusal."""

    async def answer(self, call: Call, note: Note) -> Answer:
        try:
            route = self._route(call)
            if not call.admitted:
                self.authorise(route, call, note)
            if route.operation == "read-health":
                return json_answer(200, {"status": "ok"})
            return self.operations[route.operation](route, call, note)
        except Refusal as refusal:
            return self.refused(refusal)

    def admit(self, call: Call) -> Answer | None:
        try:
            self.authorise(self._route(call), call, Note())
        except Refusal as refusal:
            return self.refused(refusal)
        return None

    def refused(self, refusal: Refusal) -> Answer:
        headers = {"WWW-Authenticate": self.challenge} if refusal.status == 401 else {}
        told = f"Simulated refusal: {refusal.code}"
        body = {"code": refusal.code, "message": told, "fields": list(refusal.fields)}
        return json_answer(refusal.status, body, headers)

    def error_answer(self, status: int) -> Answer:
        if status in {502, 504}:
            return Answer(status, f"<html><h1>{status}</h1></html>".encode(), content_type="text/html")
        return self.refused(Refusal(status, f"simulated-{status}"))

    def refuse_credential(self, call: Call) -> Answer:  # noqa: ARG002 - the same for every route
        return self.refused(Refusal(401, "unknown-credential"))

    def expire_sessions(self) -> None:  # noqa: B027 - most have none
        """There are none where a credential stands until a person changes it."""

    def recorded_body(self, call: Call) -> msgspec.Raw:
        return wire.one_line(call.body)

    def _route(self, call: Call) -> Route:
        segments = call.path.split("/")[1:]
        methods = {"GET": Route("read-health")} if segments == ["v1", "health"] else self.methods(segments)
        if methods is None:
            raise Refusal(404, "no-such-route")
        if call.method not in methods:
            raise Refusal(405, "no-such-method")
        return methods[call.method]


def media_type(call: Call) -> str:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def content_of(call: Call, form: type[FormT]) -> FormT:
    """Raises Refusal."""
    if media_type(call) != "application/json":
        raise Refusal(415, "not-json")
    try:
        return read(call.body, form)
    except UnfitDocumentError as problem:
        raise Refusal(400, "unfit-document", *([problem.field] if problem.field else [])) from problem
