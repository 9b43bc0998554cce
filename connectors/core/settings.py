"""What every connector can be told; a connector's own settings extend this."""

from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def _clean_base(value: str) -> str:
    """Scheme, host, port and path; anything else in an address is a mistake or a secret."""
    parts = urlsplit(value.strip())
    for wrong, message in _mistakes(parts):
        if wrong:
            raise ValueError(message)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _mistakes(parts: SplitResult) -> tuple[tuple[bool, str], ...]:
    return (
        (parts.scheme not in {"http", "https"}, "must start with https:// (or http://)"),
        (not parts.hostname, "has no host"),
        (parts.username is not None or parts.password is not None, "must not hold a user name or password"),
        (bool(parts.query or parts.fragment), "must not have a query or fragment"),
    )


BaseUrl = Annotated[str, AfterValidator(_clean_base)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class ConnectorSettings(BaseModel):
    """Address, times and bounds of one target; unknown names are errors and no value is shown in messages.

    `settle_s`: how long after its start a call whose answer was lost may still be running at the target.
    `keepalive_s` is below Apache's default of 5 s, so that a connection is rarely closed just as a write leaves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: BaseUrl
    timeout_s: Seconds = 30
    connect_timeout_s: Seconds = 5
    settle_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 60
    keepalive_s: Seconds = 4
    max_connections: Annotated[int, Field(ge=1, le=1024)] = 64
    max_answer_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    max_retry_after_s: Seconds = 300
    proxy: SecretStr | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _connecting_is_part_of_the_call(self) -> "ConnectorSettings":
        if self.connect_timeout_s > self.timeout_s:
            raise ValueError("connect_timeout_s must not be longer than timeout_s")
        return self
