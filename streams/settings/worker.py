"""How a worker reaches brokers and registry, what it serves, and what it says of itself."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from connectors.core.settings import BaseUrl, refuse_plain
from streams.settings.forms import (
    Brokers,
    Port,
    Seconds,
    TimeZone,
)
from streams.settings.frozen import Frozen


class KafkaSettings(Frozen):
    """How to reach the brokers."""

    bootstrap_servers: Brokers = Field(description="Brokers, as host:port separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to the brokers."
    )
    sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How to sign in, where the protocol has SASL."
    )
    sasl_username: str | None = Field(None, description="User, where the protocol has SASL.")
    sasl_password: SecretStr | None = Field(None, description="Password, where the protocol has SASL.")
    ssl_cafile: Path | None = Field(None, description="PEM file of the authority behind the brokers' certificates.")
    ssl_certfile: Path | None = Field(None, description="PEM file of this client's certificate.")
    ssl_keyfile: Path | None = Field(None, description="PEM file of this client's key.")
    ssl_key_password: SecretStr | None = Field(None, description="Password of the key file.")
    session_timeout_s: Seconds = Field(
        10, ge=6, le=300, description="Seconds without a heartbeat until the group gives the partitions to others."
    )
    partitions: int = Field(8, ge=1, le=1000, description="Partitions of the topics that `topics apply` creates.")
    replication_factor: int = Field(
        0, ge=0, le=7, description="Copies of each topic; 0: three, or as many as there are brokers."
    )

    @model_validator(mode="after")
    def _sasl_needs_a_user(self) -> "KafkaSettings":
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError("SASL needs SASL_USERNAME and SASL_PASSWORD (or SASL_PASSWORD_FILE)")
        return self


class SchemaRegistrySettings(Frozen):
    """How to reach the schema registry (Confluent protocol)."""

    url: BaseUrl = Field(description="Address, e.g. http://127.0.0.1:8081/apis/ccompat/v7")
    username: str | None = Field(None, description="User for basic authentication.")
    password: SecretStr | None = Field(None, description="Password for basic authentication.")
    ssl_cafile: Path | None = Field(None, description="PEM file of the authority that signed its certificate.")
    plain_http: bool = Field(default=False, description="Whether an address beyond this machine may be http://.")

    @model_validator(mode="after")
    def _nobody_listens(self) -> "SchemaRegistrySettings":
        if not self.plain_http:
            refuse_plain("url", self.url)
        return self


class WebSettings(Frozen):
    """The worker's own pages and interfaces."""

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless you protect it.")
    port: Port = Field(6066, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    advertised_url: BaseUrl | None = Field(
        None, description="How other workers reach this one; default http://HOST:PORT."
    )
    token: SecretStr | None = Field(None, description="Token for the role operate; without it nobody can act.")
    read_token: SecretStr | None = Field(None, description="Token for the role read.")
    reveal_token: SecretStr | None = Field(None, description="Token for the role reveal (personal data).")
    prometheus_url: BaseUrl | None = Field(
        None, description="Prometheus that judges our rules; the page of alerts then says what it says."
    )
    alertmanager_url: BaseUrl | None = Field(None, description="Alertmanager, which the pages then lead to.")
    runbooks_url: BaseUrl | None = Field(
        None, description="Where your copy of this project is served: alerts then lead to its docs/runbooks.md."
    )
    time_zone: TimeZone = Field("UTC", description="Zone of the times on the pages, e.g. Europe/Berlin.")
    environment: str = Field("", description="Name shown in the header of every page, e.g. production.")


class LogSettings(Frozen):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level logged.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text for people.")


class TraceSettings(Frozen):
    """Traces of records over OTLP; needs the packages of the extra `otel`."""

    url: BaseUrl | None = Field(
        None, description="Where a collector takes OTLP over HTTP, e.g. http://127.0.0.1:4318/v1/traces; without: off."
    )
    share: float = Field(
        0,
        ge=0,
        le=1,
        description="Share of records without a traceparent that begin a trace; others say it themselves.",
    )
    plain_http: bool = Field(default=False, description="Whether an address beyond this machine may be http://.")

    @model_validator(mode="after")
    def _nobody_listens(self) -> "TraceSettings":
        if not self.plain_http:
            refuse_plain("url", self.url)
        return self
