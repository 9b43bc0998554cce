"""What targets hold of the orders of a slice, role by role; a target that cannot be asked says so in its sums."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from connectors.core.errors import NotFoundError, PermanentError
from connectors.core.order_ports import ShopOrderTarget
from schemas.models.document import Held
from streams.app.completeness.around import Around, Door
from streams.app.completeness.asking import Asking, TargetAwayError
from streams.app.completeness.order_evidence import Gathered
from streams.domain.close_request import Explained
from streams.domain.closing import AtTarget, Closed, Finding, Kind
from streams.domain.order_closing import Answered
from streams.domain.order_holdings import Wanted, compared, wanted_of

SHOP = "commerce"
DOCUMENTS = {"CREATE_SHIPMENT": "shipment", "CREATE_INVOICE": "invoice", "CREATE_CREDIT_MEMO": "credit memo"}


class Document(Protocol):
    """A shipment, an invoice or a credit memo."""

    @property
    def internal_id(self) -> str: ...


class TargetsFound(NamedTuple):
    """Of one slice."""

    sums: list[AtTarget]
    findings: list[Finding]
    explained: list[Explained]


class OrderTargets:
    """`doors` by role."""

    def __init__(self, application: Around, doors: Mapping[str, Door], asking: Asking) -> None:
        self._app, self._doors, self._asking = application, doors, asking

    async def compared(self, book: Mapping[str, Gathered], closings: Mapping[str, Closed]) -> TargetsFound:
        """Raises LeaseLostError."""
        by_role: dict[str, list[Wanted]] = {role: [] for role in self._doors}
        for order_id, one in book.items():
            if one.money is None:
                continue
            for wanted in wanted_of(one.evidence(order_id), one.money, closings[order_id].why):
                if wanted.role in by_role:
                    by_role[wanted.role].append(wanted)
        found = TargetsFound([], [], [])
        for role, wanted_here in by_role.items():
            await self._role(role, wanted_here, book, found)
        return found

    async def _role(
        self, role: str, wanted: Sequence[Wanted], book: Mapping[str, Gathered], found: TargetsFound
    ) -> None:
        door = self._doors[role]
        target = door.gate.target
        if door.holdings is None or not wanted:
            found.sums.append(AtTarget(role, target))
            return
        try:
            held = await self._asking.held(door, (one.reference for one in wanted))
            shown = await self._documents(door, held, book) if role == SHOP else []
        except TargetAwayError as away:
            found.sums.append(AtTarget(role, target, wanted=len(wanted), why=str(away)))
            return
        result = compared(role, target, wanted, held)
        found.sums.append(result.sums)
        found.findings.extend((*result.findings, *shown))
        found.explained.extend(Explained(one.order_id, target, one.what, one.why) for one in result.explained)

    async def _documents(self, door: Door, held: Sequence[Held], book: Mapping[str, Gathered]) -> list[Finding]:
        """Documents that the shop acknowledged must be there."""
        port = self._app.shop.ports.shop_orders
        ids = {one.reference: one.internal_id for one in held}
        findings: list[Finding] = []
        if port is None:
            return findings
        for order_id, one in book.items():
            entity_id = ids.get(one.number)
            made = [answer for answer in one.answers.values() if answer.state == "APPLIED" and answer.external_id]
            for kind, name in DOCUMENTS.items():
                answers = [answer for answer in made if answer.kind == kind]
                if entity_id is not None and answers:
                    there = await self._there(door, port, kind, entity_id)
                    findings += _gone(order_id, f"{door.gate.target} {name}", answers, there)
        return findings

    async def _there(self, door: Door, port: ShopOrderTarget, kind: str, entity_id: str) -> frozenset[str]:
        read: Mapping[str, Callable[[str], Awaitable[Sequence[Document]]]] = {
            "CREATE_SHIPMENT": port.shipments,
            "CREATE_INVOICE": port.invoices,
            "CREATE_CREDIT_MEMO": port.credit_memos,
        }
        try:
            found = await self._asking.asked(door.gate, lambda: read[kind](entity_id))
        except NotFoundError:
            return frozenset()
        except PermanentError as error:
            raise TargetAwayError(f"{type(error).__name__}: {error.message}"[:300]) from error
        return frozenset(one.internal_id for one in found)


def _gone(order_id: str, where: str, answers: Sequence[Answered], there: frozenset[str]) -> list[Finding]:
    return [
        Finding(Kind.NOT_AT_TARGET, order_id, f"{where} {one.external_id}", one.kind, one.record.at)
        for one in answers
        if one.external_id not in there
    ]
