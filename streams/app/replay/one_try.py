"""A registry that is asked once: a worker waits until it is back, a person is told that it is away."""

from streams.runtime.serde import Registry, RegistryUnavailableError


class RegistryGoneError(Exception):
    """The registry did not answer."""


class OneTry:
    """The port `streams.runtime.serde.Registry`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def text_of(self, schema_id: int) -> str | None:
        """Raises RegistryGoneError, for which nobody waits."""
        try:
            return self._registry.text_of(schema_id)
        except RegistryUnavailableError as error:
            raise _gone(error) from error

    def id_of(self, subject: str, text: str) -> int | None:
        """Raises RegistryGoneError."""
        try:
            return self._registry.id_of(subject, text)
        except RegistryUnavailableError as error:
            raise _gone(error) from error


def _gone(error: RegistryUnavailableError) -> RegistryGoneError:
    return RegistryGoneError(f"STREAMS_SCHEMA_REGISTRY__URL: the schema registry does not answer: {error}")
