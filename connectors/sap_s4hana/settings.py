"""What an operator tells this connector: `STREAMS_CONNECTORS__SAP_S4HANA__…`."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.core.settings import BaseUrl, ConnectorSettings

Secret = Annotated[SecretStr, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]
ConditionType = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,4}$")]
TextId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,4}$")]
MessageCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_/]+/\d{3}$")]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ValueError("is no time zone of the IANA database") from exc
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class OAuth2Settings(_Part):
    """Client credentials; the communication arrangement shows the address."""

    kind: Literal["oauth2"] = Field(description="OAuth 2 client credentials of a communication arrangement.")
    token_url: BaseUrl = Field(description="Where tokens are fetched.")
    client_id: Name = Field(description="Client id of the communication user.")
    client_secret: Secret = Field(description="Client secret of the communication user.")
    scope: str = Field("", description="Scopes that a token is asked for; none by default.")
    client_authentication: Literal["basic", "form"] = Field(
        "basic", description="Whether id and secret go in a header (ABAP) or in the form (BTP takes both)."
    )


class BasicSettings(_Part):
    """A communication or technical user."""

    kind: Literal["basic"] = Field(description="A communication or technical user with a password.")
    username: Name = Field(description="Name of the user.")
    password: Secret = Field(description="Password of the user.")


class Conditions(_Part):
    """Condition types of the pricing procedure; without one the amount stands in a text only."""

    price: ConditionType | None = Field(None, description="Condition type of a line's stated price per unit.")
    discount: ConditionType | None = Field(None, description="Condition type of a line's discount, a fixed amount.")
    tax: ConditionType | None = Field(None, description="Condition type of a line's tax, a fixed amount.")
    shipping: ConditionType | None = Field(None, description="Condition type of the order's shipping cost.")
    shipping_tax: ConditionType | None = Field(None, description="Condition type of the tax on shipping.")


class Texts(_Part):
    """Ids of SAP's text types; they belong to the text procedure of order type and item category."""

    language: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = Field("EN", description="Language of texts.")
    instructions: TextId = Field("TX01", description="Text id of the order's instructions.")
    facts: TextId = Field("TX02", description="Text id of what the order states and SAP has no field for.")
    line_note: TextId = Field("TX01", description="Text id of a line's note.")
    line_facts: TextId = Field("TX02", description="Text id of a line's options, configuration and other facts.")

    @model_validator(mode="after")
    def _one_text_per_id(self) -> "Texts":
        if self.instructions == self.facts or self.line_note == self.line_facts:
            raise ValueError("two texts of one document cannot have the same id")
        return self


class Settings(ConnectorSettings):
    """One company's sales orders in one SAP system.

    `base_url` is what stands before `/sap/opu`.  Codes of customizing have no default where a wrong guess would make
    orders that nobody wants.
    """

    auth: Annotated[OAuth2Settings | BasicSettings, Field(discriminator="kind")]
    client: Annotated[str, StringConstraints(pattern=r"^\d{3}$")] | None = Field(
        None, description="SAP client (`sap-client`), where the system has several."
    )
    sales_organization: Annotated[Name, Field(max_length=4)] = Field(description="Sales organization of every order.")
    distribution_channel: Annotated[Name, Field(max_length=2)] = Field(description="Distribution channel.")
    organization_division: Annotated[Name, Field(max_length=2)] = Field(description="Division.")
    order_type: Annotated[Name, Field(max_length=4)] = Field("OR", description="Sales order type.")
    default_account: Annotated[Name, Field(max_length=10)] | None = Field(
        None, description="Sold-to party of an order whose customer has no account code; without it such are refused."
    )
    plant: Annotated[Name, Field(max_length=4)] | None = Field(
        None, description="Plant of every line; without it SAP determines one."
    )
    make_to_order_category: Annotated[Name, Field(max_length=4)] | None = Field(
        None, description="Item category of lines made to order; without it SAP determines one."
    )
    payment_terms: dict[str, Annotated[Name, Field(max_length=4)]] = Field(
        default_factory=dict, description="SAP's key by the channel's terms of payment; others go over as they are."
    )
    shipping_conditions: dict[str, Annotated[Name, Field(max_length=2)]] = Field(
        default_factory=dict, description="SAP's shipping condition by the channel's shipping method."
    )
    units: dict[str, Annotated[Name, Field(max_length=3)]] = Field(
        default_factory=dict, description="SAP's unit by the channel's unit; others go over as they are."
    )
    conditions: Conditions = Field(default_factory=Conditions, description="Condition types for stated money.")
    texts: Texts = Field(default_factory=Texts, description="Text types.")
    ship_to_address: bool = Field(
        default=True, description="Send the order's ship-to address; otherwise the account's own is used."
    )
    ship_to_function: Annotated[Name, Field(max_length=2)] = Field("SH", description="Partner function of the ship-to.")
    bill_to_address: bool = Field(
        default=False, description="Send the order's bill-to address; otherwise the account's own is used."
    )
    bill_to_function: Annotated[Name, Field(max_length=2)] = Field("BP", description="Partner function of the bill-to.")
    rejection_reason: Annotated[Name, Field(max_length=2)] = Field(
        description="Reason for rejection that a cancelled order's items get."
    )
    work_order_category: Annotated[Name, Field(max_length=4)] | None = Field(
        None, description="Document category of work orders in an item's process flow; without it none are reported."
    )
    match_account: bool = Field(
        default=False,
        description="Look orders up by account too; an order whose account was put right in between is then missed.",
    )
    repeatable_requests: bool = Field(
        default=False, description="Send RequestID and RepeatabilityCreation: the service must be set as idempotent."
    )
    lock_codes: tuple[MessageCode, ...] = Field(
        (), description="Further messages (`CLASS/NUMBER`) that mean a lock that will be released."
    )
    read_lag_s: float = Field(
        10, ge=0, le=3600, allow_inf_nan=False, description="How long a made order may stay unseen by look-ups."
    )
    invoice_category: Annotated[Name, Field(max_length=4)] = Field(
        "M", description="Category (SDDocumentCategory) of billing documents that are invoices."
    )
    credit_memo_category: Annotated[Name, Field(max_length=4)] = Field(
        "O", description="Category (SDDocumentCategory) of billing documents that are credit memos."
    )
    read_billing: bool = Field(
        default=True, description="Read billing documents; without them no invoice and no credit memo is told."
    )
    read_credit_requests: bool = Field(
        default=True, description="Read credit memo requests; without them no credit memo of one is told."
    )
    read_returns: bool = Field(
        default=True, description="Read customer returns; without them no return is told, and no credit memo for one."
    )
    time_zone: Zone = Field(
        "UTC", description="The system's time zone, in which the process flow says when a document was made."
    )
    overlap_s: int = Field(
        300, ge=0, le=86_400, description="How far before the newest change that was seen changes are read again."
    )
    discontinued_statuses: tuple[Annotated[Name, Field(max_length=2)], ...] = Field(
        (), description="Cross-plant statuses of products that are no longer sold."
    )
    make_to_order_groups: tuple[Annotated[Name, Field(max_length=4)], ...] = Field(
        (), description="Item category groups of products that are made to order."
    )
    page_size: int = Field(
        200, ge=1, le=5000, description="Rows of one page when reading; of documents with their items at most 50."
    )

    def addresses(self) -> Mapping[str, str]:
        own = super().addresses()
        return {**own, "auth.token_url": self.auth.token_url} if isinstance(self.auth, OAuth2Settings) else own
