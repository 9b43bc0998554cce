"""What a person can cause, said as one line on stderr with exit code 2; anything else stays a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

FOUND_SOMETHING, CANNOT_RUN = 1, 2


class CannotRunError(click.ClickException):
    """One line that names the thing and what to do."""

    exit_code = CANNOT_RUN

    def show(self, file: IO[Any] | None = None) -> None:  # Any: as click declares it
        click.echo(f"commerce-streams: {self.format_message()}", err=file is None, file=file)


@contextmanager
def plain() -> Iterator[None]:
    """Turns the failures of settings, brokers, registry and targets into a CannotRunError."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        line = _line(error)
        if line is None:
            raise
        raise CannotRunError(line) from None


def _line(error: Exception) -> str | None:
    """The modules are imported only now: without a failure nobody needs them."""
    from confluent_kafka import KafkaException  # noqa: PLC0415

    from connectors.core.errors import ConnectorError  # noqa: PLC0415
    from streams.runtime.cluster import ClusterUnavailableError  # noqa: PLC0415
    from streams.runtime.operating.brokers import TopicMissingError  # noqa: PLC0415
    from streams.runtime.operating.posting import NotWrittenError  # noqa: PLC0415
    from streams.runtime.refusals import told  # noqa: PLC0415
    from streams.runtime.serde import RegistryUnavailableError, SchemaMissingError  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415

    if isinstance(error, ClusterUnavailableError):
        return str(error) if "STREAMS_KAFKA__" in str(error) else f"STREAMS_KAFKA__BOOTSTRAP_SERVERS: {error}"
    if isinstance(error, RegistryUnavailableError):
        return f"STREAMS_SCHEMA_REGISTRY__URL: the schema registry does not answer: {error}"
    if isinstance(error, KafkaException):
        return told("the brokers did not do this", error)
    if isinstance(error, (SettingsError, TopicMissingError, NotWrittenError, SchemaMissingError)):
        return str(error)
    return error.message if isinstance(error, ConnectorError) else None
