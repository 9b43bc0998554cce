"""What every connector can be told; a connector's own settings extend this."""

import ipaddress
from collections.abc import Mapping
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
        (not _has_sound_port(parts), "must have a port from 1 to 65535, or none"),
        (parts.username is not None or parts.password is not None, "must not hold a user name or password"),
        (bool(parts.query or parts.fragment), "must not have a query or fragment"),
    )


def _has_sound_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:  # its message shows the port, which is a password where the host was forgotten
        return False


def is_private(url: str) -> bool:
    """Whether nobody on the way can read or change what is said there: TLS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_plain(name: str, url: str | None) -> None:
    """Raises ValueError."""
    if url is not None and not is_private(url):
        raise ValueError(
            f"{name} must start with https://: by http:// anybody on the way reads the credential; "
            "set plain_http=true where that network is yours alone"
        )


BaseUrl = Annotated[str, AfterValidator(_clean_base)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class ConnectorSettings(BaseModel):
    """Address, times and bounds of one target; unknown names are errors and no value is shown in messages.

    `settle_s`: how long a call whose answer was lost may still be running at the target, counted from its time-out.
    `keepalive_s` is below Apache's default of 5 s, so that a connection is rarely closed just as a write leaves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: BaseUrl = Field(description="Scheme, host, port and path of the target; no user, query or fragment.")
    plain_http: bool = Field(default=False, description="Whether addresses beyond this machine may be http://.")
    timeout_s: Seconds = Field(30, description="How long one call may take in all.")
    connect_timeout_s: Seconds = Field(5, description="How long connecting may take; part of the call.")
    settle_s: float = Field(
        60,
        ge=0,
        le=86_400,
        allow_inf_nan=False,
        description="How long after its time-out a call without an answer may still be running at the target.",
    )
    keepalive_s: Seconds = Field(4, description="How long an idle connection is kept; below the target's own limit.")
    max_connections: int = Field(64, ge=1, le=1024, description="Connections to the target at most.")
    calls_per_s: float = Field(
        0, ge=0, le=10_000, allow_inf_nan=False, description="At most so many calls a second; 0: as many as it takes."
    )
    max_answer_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="Larger answers are refused.")
    max_retry_after_s: Seconds = Field(300, description="A longer wait that the target asks for is cut to this.")
    proxy: SecretStr | None = Field(None, description="Address of a proxy; never taken from the environment.")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust instead of the system's.")

    @model_validator(mode="after")
    def _connecting_is_part_of_the_call(self) -> "ConnectorSettings":
        if self.connect_timeout_s > self.timeout_s:
            raise ValueError("connect_timeout_s must not be longer than timeout_s")
        return self

    @model_validator(mode="after")
    def _nobody_listens(self) -> "ConnectorSettings":
        for name, url in self.addresses().items():
            if not self.plain_http:
                refuse_plain(name, url)
        return self

    def addresses(self) -> Mapping[str, str]:
        """Setting → address, of every host that is called."""
        return {"base_url": self.base_url}
