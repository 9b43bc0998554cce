"""The JSON of the services of returns, billing documents and credit memo requests, as far as it is about orders.

They are OData V2 like the order's (`wire.py`).  Field names: API_CUSTOMER_RETURN_SRV.edmx and the metadata of
API_BILLING_DOCUMENT_SRV and API_CREDIT_MEMO_REQUEST_SRV; categories of documents: SAP's domain VBTYP (C order,
H return, K credit memo request, M invoice, O credit memo).
"""

import msgspec
from msgspec import field

from connectors.sap_s4hana.wire import One, Page, Results


class Row(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What is read of an entity."""


class ReturnItemRow(Row, frozen=True, kw_only=True):
    """`reference…` is what the return was made from: the order or an invoice of it."""

    item: str = field(name="CustomerReturnItem")
    material: str | None = None
    quantity: str = field(default="0", name="RequestedQuantity")
    reference: str | None = field(default=None, name="ReferenceSDDocument")
    reference_item: str | None = field(default=None, name="ReferenceSDDocumentItem")
    reference_category: str | None = field(default=None, name="ReferenceSDDocumentCategory")
    rejection_reason: str | None = field(default=None, name="SalesDocumentRjcnReason")
    received: str | None = field(default=None, name="ReturnsMaterialHasBeenReceived")
    process_status: str | None = field(default=None, name="SDProcessStatus")


class ReturnRow(Row, frozen=True, kw_only=True):
    """A customer return; it has no time of its making, only the day."""

    number: str = field(name="CustomerReturn")
    last_change_date_time: str | None = None
    creation_date: str | None = None
    items: Results[ReturnItemRow] = field(default=Results(), name="to_Item")

    def __post_init__(self) -> None:
        if not self.number:
            raise ValueError("a return without its number")


class BillingItemRow(Row, frozen=True, kw_only=True):
    """`sales…` is the sales document that is billed: the order, or the return of a credit memo."""

    item: str = field(name="BillingDocumentItem")
    material: str | None = None
    quantity: str = field(default="0", name="BillingQuantity")
    net_amount: str = "0"
    tax_amount: str = "0"
    sales: str | None = field(default=None, name="SalesDocument")
    sales_item: str | None = field(default=None, name="SalesDocumentItem")
    sales_category: str | None = field(default=None, name="SalesSDDocumentCategory")


class BillingRow(Row, frozen=True, kw_only=True):
    """An invoice or a credit memo, by its category."""

    number: str = field(name="BillingDocument")
    category: str | None = field(default=None, name="SDDocumentCategory")
    is_cancelled: bool | None = field(default=None, name="BillingDocumentIsCancelled")
    last_change_date_time: str | None = None
    creation_date: str | None = None
    creation_time: str | None = None
    items: Results[BillingItemRow] = field(default=Results(), name="to_Item")

    def __post_init__(self) -> None:
        if not self.number:
            raise ValueError("a billing document without its number")


class RequestItemRow(Row, frozen=True, kw_only=True):
    """`reference…` as of a return; the category stands at the head."""

    item: str = field(name="CreditMemoRequestItem")
    reference: str | None = field(default=None, name="ReferenceSDDocument")
    reference_item: str | None = field(default=None, name="ReferenceSDDocumentItem")


class RequestRow(Row, frozen=True, kw_only=True):
    """A credit memo request: what a credit memo is made from where nothing comes back."""

    number: str = field(name="CreditMemoRequest")
    reference_category: str | None = field(default=None, name="ReferenceSDDocumentCategory")
    items: Results[RequestItemRow] = field(default=Results(), name="to_Item")


def fields(row: type[Row]) -> tuple[str, ...]:
    """SAP's names of all that a row holds; links last."""
    names = [one.encode_name for one in msgspec.structs.fields(row)]
    return tuple(sorted(names, key=lambda name: name.startswith("to_")))


decode_return = msgspec.json.Decoder(One[ReturnRow]).decode
decode_returns = msgspec.json.Decoder(One[Page[ReturnRow]], strict=False).decode
decode_billing = msgspec.json.Decoder(One[BillingRow]).decode
decode_billings = msgspec.json.Decoder(One[Page[BillingRow]], strict=False).decode
decode_request = msgspec.json.Decoder(One[RequestRow]).decode
decode_requests = msgspec.json.Decoder(One[Page[RequestRow]], strict=False).decode
