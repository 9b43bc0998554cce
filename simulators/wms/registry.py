"""Schema ids by plain HTTP, so that the simulator depends on no registry client.

Routes: Confluent Schema Registry API; Apicurio serves them under /apis/ccompat/v7.
"""

import http.client
import json
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlsplit

from simulators.wms.wire import Schema, subject_of

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 30.0
NOT_FOUND = 404


class RegistryError(RuntimeError):
    """The registry refused; `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"schema registry answered {status}: {message}")
        self.status = status


class Registered(NamedTuple):
    """A schema and the id that frames its records."""

    schema_id: int
    schema: Schema


class Registry:
    """The few calls that a producer needs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ValueError(f"not an address of a schema registry: {url}")
        self._parts = parts
        self._schemas: dict[int, Schema] = {}

    def latest(self, subject: str) -> Registered:
        answer = self._call("GET", f"/subjects/{quote(subject, safe='')}/versions/latest")
        return Registered(answer["id"], json.loads(answer["schema"]))

    def look_up(self, subject: str, schema: Schema) -> int:
        """The id of exactly this schema under the subject; RegistryError 404 where it is not registered."""
        answer = self._call("POST", f"/subjects/{quote(subject, safe='')}", _body(schema))
        return cast("int", answer["id"])

    def register(self, subject: str, schema: Schema) -> int:
        """Adds a version, or finds the one that is there."""
        answer = self._call("POST", f"/subjects/{quote(subject, safe='')}/versions", _body(schema))
        return cast("int", answer["id"])

    def schema(self, schema_id: int) -> Schema:
        """The schema behind an id; asked for once."""
        if schema_id not in self._schemas:
            self._schemas[schema_id] = json.loads(self._call("GET", f"/schemas/ids/{schema_id}")["schema"])
        return self._schemas[schema_id]

    def _call(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(cast("str", self._parts.hostname), self._parts.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, {"Content-Type": CONTENT_TYPE})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise RegistryError(answer.status, text[:300])
        return cast("dict[str, Any]", json.loads(text))


def _body(schema: Schema) -> str:
    return json.dumps({"schema": json.dumps(schema), "schemaType": "AVRO"})


def resolve(registry: Registry, topic: str, schema: Schema, *, register: bool = False) -> Registered:
    """The id to frame records of `topic` with, and the schema that it stands for.

    Our own schema where the registry has it, under whatever version; else it is registered if that is asked for;
    else the newest version of the subject is used as it is.  Raises RegistryError 404 for an unknown subject.
    """
    subject = subject_of(topic)
    if register:
        return Registered(registry.register(subject, schema), schema)
    newest = registry.latest(subject)
    if newest.schema == schema:
        return newest
    try:
        return Registered(registry.look_up(subject, schema), schema)
    except RegistryError as error:
        if error.status != NOT_FOUND:
            raise
        return newest
