"""The schema registry over Confluent's protocol: Confluent, Karapace, Apicurio and Redpanda all serve it."""

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from streams.runtime.serde import RegistryUnavailableError
from streams.settings import SchemaRegistrySettings

NOT_FOUND = 404
TIMEOUT_S = 10
RETRIES = 1


class HttpRegistry:
    """Blocking; `streams.runtime.serde` calls it in a thread."""

    def __init__(self, settings: SchemaRegistrySettings) -> None:
        config: dict[str, object] = {"url": settings.url, "timeout": TIMEOUT_S, "max.retries": RETRIES}
        if settings.username and settings.password:
            config["basic.auth.user.info"] = f"{settings.username}:{settings.password.get_secret_value()}"
        if settings.ssl_cafile:
            config["ssl.ca.location"] = str(settings.ssl_cafile)
        self._client = SchemaRegistryClient(config)

    def close(self) -> None:
        """Gives connections back; safe to call twice."""
        self._client.close()

    def text_of(self, schema_id: int) -> str | None:
        try:
            return self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            _absent(error)
            return None
        except Exception as error:  # the client raises whatever its HTTP library met
            raise RegistryUnavailableError(f"{type(error).__name__}") from error

    def id_of(self, subject: str, text: str) -> int | None:
        try:
            found = self._client.lookup_schema(subject, Schema(text, "AVRO"))
        except SchemaRegistryError as error:
            _absent(error)
            return None
        except Exception as error:  # as above
            raise RegistryUnavailableError(f"{type(error).__name__}") from error
        return found.schema_id

    def latest(self, subject: str) -> str | None:
        """Text of the newest version, if the subject exists."""
        try:
            return self._client.get_latest_version(subject).schema.schema_str
        except SchemaRegistryError as error:
            _absent(error)
            return None
        except Exception as error:  # as above
            raise RegistryUnavailableError(f"{type(error).__name__}") from error

    def register(self, subject: str, text: str) -> int:
        """Id of the schema, new or known.  Raises SchemaRegistryError where the registry refuses it."""
        return self._client.register_schema(subject, Schema(text, "AVRO"))

    def compatibility(self) -> str:
        """The global rule."""
        return str(self._client.get_compatibility())


def _absent(error: SchemaRegistryError) -> None:
    """Returns for "not there"; everything else means that the registry is of no use now."""
    if error.http_status_code != NOT_FOUND:
        raise RegistryUnavailableError(f"HTTP {error.http_status_code}: {error.error_message}") from error
