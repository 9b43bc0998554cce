"""What a connector says of itself in `manifest.toml`, checked when it is read.

The manifest is the folder's face: the contract suite finds connectors by it, the documentation is made from it, and
each rule below is answered, because a rule without an answer is a rule that nobody looked at.
"""

import tomllib
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.core.errors import ConfigurationError

FILE_NAME = "manifest.toml"

Rule = Literal[
    "idempotent-writes",
    "retry-after",
    "rate-limit",
    "token-refresh",
    "timeouts",
    "pagination",
    "partial-success",
    "golden-payloads",
    "round-trip-mapping",
    "error-mapping",
    "secrets-redacted",
    "api-version-pinned",
    "health-check",
    "permissions-documented",
    "known-limits-documented",
]
RULES: tuple[Rule, ...] = get_args(Rule)

Idempotency = Literal["absolute_upsert", "replace_set", "state_guarded", "append", "relative", "silent_noop", "read"]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exempt(_Part):
    """A rule that does not hold here, and the reason."""

    status: Literal["exempt"]
    why: Annotated[str, Field(min_length=10)]


Answered = Literal["done"] | Exempt


class Limit(_Part):
    """A bound of the target; `unit` belongs to the numbers."""

    unit: Text
    default: float | None = None
    least: float | None = None
    most: float | None = None
    source: Text


class Operation(_Part):
    """One call of the product's API and what happens when it is repeated."""

    call: Text
    idempotency: Idempotency
    permission: Text


class Manifest(_Part):
    """One connector: which product, which ports, how to sign in, what bounds, what is safe to repeat."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    product: Text
    summary: Text
    ports: Annotated[tuple[Text, ...], Field(min_length=1)]
    api_versions: Annotated[tuple[Text, ...], Field(min_length=1)]
    auth: Annotated[tuple[Text, ...], Field(min_length=1)]
    operations: dict[str, Operation]
    limits: dict[str, Limit]
    rules: dict[str, Answered]

    @model_validator(mode="after")
    def _every_rule_is_answered(self) -> "Manifest":
        missing = [rule for rule in RULES if rule not in self.rules]
        unknown = sorted(set(self.rules) - set(RULES))
        if missing or unknown:
            raise ValueError(f"rules without an answer: {missing}; answers without a rule: {unknown}")
        return self


def read(folder: Traversable) -> Manifest:
    """The manifest of a connector's folder.

    Raises:
        ConfigurationError: unreadable, incomplete, or named otherwise than its folder.
    """
    try:
        manifest = Manifest.model_validate(tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as exc:
        raise ConfigurationError(f"{folder.name}/{FILE_NAME}: {exc}") from exc
    if manifest.name != folder.name:
        raise ConfigurationError(f"{folder.name}/{FILE_NAME} says it is {manifest.name}")
    return manifest
