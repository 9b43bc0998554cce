"""Tracing as the settings say: off, and nothing of OpenTelemetry imported, unless an address is set."""

from importlib.metadata import version

from streams.runtime.clock import Clock
from streams.runtime.traces import NO_TRACES, Traces
from streams.settings import Settings, SettingsError


def open_traces(settings: Settings, worker_id: str, clock: Clock) -> Traces:
    """Makes no call.  Raises SettingsError where the packages are missing."""
    if settings.traces.url is None:
        return NO_TRACES
    try:
        from streams.runtime.otel import Identity, OtelTraces  # noqa: PLC0415  only where it is wanted
    except ImportError as error:
        raise SettingsError(
            f"STREAMS_TRACES__URL: {error.name} is not installed; pip install 'commerce-streams[otel]', or leave it out"
        ) from None
    identity = Identity(settings.app_id, worker_id, version("commerce-streams"))
    return OtelTraces(settings.traces.url, settings.traces.share, identity, clock)
