"""Addresses of one order as SAP's partner addresses; pure."""

from collections.abc import Iterator

from connectors.core.errors import RejectedPayloadError
from connectors.sap_s4hana import wire
from connectors.sap_s4hana.settings import Settings
from schemas.models.order import Address, Order

_NAME = 40
_REGION = 3
_STREETS = (60, 40, 40, 40)
"""Street, Street 4, Street 5, Street 2: the order in which SAP prints what follows the street, then what is left."""


def fit(text: str, most: int, name: str) -> str:
    """The text, where SAP's field can hold it.

    Raises:
        RejectedPayloadError: names the field of ours; the text itself may be personal and is not told.
    """
    if len(text) > most:
        raise RejectedPayloadError(
            f"{name} is longer than the {most} characters SAP takes", fields=(name,), status=None
        )
    return text


def partners(order: Order, account: str, settings: Settings) -> Iterator[wire.PartnerBody]:
    """Partners whose address is that of the order; without street and city the account's own is better."""
    for wanted, function, address, name in (
        (settings.ship_to_address, settings.ship_to_function, order.shipping, "shipping"),
        (settings.bill_to_address, settings.bill_to_function, order.billing, "billing"),
    ):
        if wanted and address is not None and address.city and any(address.street):
            yield _partner(function, account, address, name)


def _partner(function: str, account: str, address: Address, name: str) -> wire.PartnerBody:
    return wire.PartnerBody(
        partner_function=function, customer=account, address=wire.Results((_address(address, name),))
    )


def _address(address: Address, name: str) -> wire.AddressBody:
    first, second = _names(address, name)
    street, fourth, fifth, other = _streets(address, name)
    return wire.AddressBody(
        code="",
        organization_name1=first,
        organization_name2=second,
        street_name=street,
        street_suffix_name1=fourth,
        street_suffix_name2=fifth,
        street_prefix_name1=other,
        city_name=fit(address.city, 40, f"{name}.city") or None,
        postal_code=fit(address.postcode or "", 10, f"{name}.postcode") or None,
        region=_region(address),
        country=fit(address.country, 3, f"{name}.country") or None,
        phone_number=fit(address.telephone or "", 30, f"{name}.telephone") or None,
    )


def _names(address: Address, name: str) -> tuple[str | None, str | None]:
    """Company, then person; a company alone may take both fields."""
    person = " ".join(filter(None, (address.first_name, address.last_name)))
    names = [one for one in (address.company or "", person) if one]
    if len(names) == 1 and len(names[0]) > _NAME:
        names = [names[0][:_NAME], names[0][_NAME:]]
    first, second = (*names, "", "")[:2]
    return fit(first, _NAME, f"{name}.company") or None, fit(second, _NAME, f"{name}.last_name") or None


def _streets(address: Address, name: str) -> tuple[str | None, ...]:
    if len(address.street) > len(_STREETS):
        raise RejectedPayloadError("SAP takes four street lines", fields=(f"{name}.street",), status=None)
    lines = (*address.street, "", "", "", "")
    return tuple(fit(line, most, f"{name}.street") or None for line, most in zip(lines, _STREETS, strict=False))


def _region(address: Address) -> str | None:
    """SAP's keys have three characters; a longer code is no key and stands among the facts."""
    code = address.region_code or ""
    return code if 0 < len(code) <= _REGION else None
