"""The Faust app of a worker: group, intake, web; everything that Faust would do by itself is off."""

from datetime import timedelta

import faust
from faust.serializers import codecs
from faust.types.auth import CredentialsT

from streams.runtime.kafka import password_of, servers_of, ssl_context
from streams.settings import KafkaSettings, Settings

BATCH_RECORDS = 2000
BUFFERED_BATCHES = 16
"""Of one topic: what is fetched ahead is bounded, also while the flow waits for the registry."""

COMMIT_INTERVAL = timedelta(seconds=1)


class _AsFetched(codecs.Codec):
    """The values of a batch topic are record lists: the flow reads them itself."""

    def _loads(self, value: object) -> object:
        return value

    def _dumps(self, value: object) -> object:
        return value


AS_FETCHED = _AsFetched()


def make_faust_app(settings: Settings, *, web_port: int) -> faust.App:
    """Not started; the driver is installed by the caller."""
    session = settings.kafka.session_timeout_s
    app = faust.App(
        settings.app_id,
        broker=_broker(settings.kafka),
        broker_credentials=_credentials(settings.kafka),
        broker_session_timeout=session,
        broker_heartbeat_interval=min(3.0, session / 5),
        broker_rebalance_timeout=60.0,
        broker_commit_interval=COMMIT_INTERVAL.total_seconds(),
        broker_max_poll_records=BATCH_RECORDS,
        broker_request_timeout=max(90.0, session),
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFERED_BATCHES,
        store="memory://",
        datadir=settings.data_dir,
        topic_partitions=settings.kafka.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=True,
        web_host=settings.web.host,
        web_port=web_port,
        canonical_url=settings.web.advertised_url or f"http://{settings.web.host}:{web_port}",
        web_tables_enabled=False,
        web_router_enabled=False,
        web_stats_enabled=False,
        web_graph_enabled=False,
        worker_redirect_stdouts=False,
        autodiscover=False,
    )
    app.finalize()
    return app


def raw_topic(app: faust.App, name: str, partitions: int) -> faust.TopicT:
    """A source topic whose events are record batches."""
    return app.topic(
        name, partitions=partitions, key_type=bytes, key_serializer="raw", value_serializer=AS_FETCHED, internal=False
    )


def _broker(settings: KafkaSettings) -> str:
    """Without credentials: Faust prints it at start."""
    return ";".join(f"kafka://{server}" for server in servers_of(settings))


def _credentials(settings: KafkaSettings) -> CredentialsT | None:
    """None for a plaintext listener."""
    context = ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings.sasl_mechanism,
            username=settings.sasl_username,
            password=password_of(settings),
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context else None
