"""Orders are checked once, when they are first heard, against tables that are known; and not before."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.models.order_event import OrderEvent
from schemas.models.reference import Price
from streams.domain.order_checks import CheckPlan, Item
from streams.domain.order_lookup import LookUpRules, Reference
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_rules import OrderRules
from streams.domain.order_state import OrderState
from streams.flows.order_desk import OrderDesk
from streams.topics import ORDER_EVENT
from tests.contract.order_target import order
from tests.unit.streams.domain.accounts import account, by_key
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import OrderWorker, applied
from tests.unit.streams.sinks.lane import turns

pytestmark = pytest.mark.anyio
ORDER_ID = "web-000000123"
WEB = msgspec.structs.replace(order(), channel="web", number="000000123", event_id="e1")
SKUS = tuple(line.sku for line in WEB.lines)
GOODS = LookUpRules(CheckPlan(default=("sku-known", "sku-not-discontinued", "price-current")))


class Tables:
    """Reference tables that a test sets; `known` lets the flow go on."""

    def __init__(self, reference: Reference, *, known: bool = True) -> None:
        self.reference, self.known = reference, asyncio.Event()
        self.waited, self.stock = 0, asyncio.Event()
        self.stock.set()
        if known:
            self.known.set()

    async def wait(self) -> None:
        self.waited += 1
        await self.known.wait()

    async def wait_for_stock(self) -> None:
        await self.stock.wait()

    def now(self) -> Reference:
        return self.reference


def sold(*, over: bool = False) -> Reference:
    prices = {line.sku: (Price(currency=WEB.currency, price=line.price or 0),) for line in WEB.lines}
    return Reference({sku: Item(is_discontinued=over) for sku in SKUS}, prices, None)


def said(kind: str, **fields: object) -> OrderEvent:
    plain = {"effective_at": WEB.updated_at + 1, "recorded_at": T0, "source_system": "operator", **fields}
    return msgspec.convert(
        {"event_id": f"{kind}-1", "order_id": ORDER_ID, "kind": kind, **plain}, OrderEvent, strict=False
    )


async def begun(folder: Path, tables: Tables, rules: LookUpRules = GOODS) -> OrderWorker:
    worker = OrderWorker(folder, ("erp",), desk=OrderDesk(rules, tables))
    await worker.open()
    await worker.place(WEB)
    return worker


async def test_an_order_that_passes_goes_to_the_erp(tmp_path: Path) -> None:
    worker = await begun(tmp_path, Tables(sold()))
    await worker.follow()

    assert [command.kind for command in worker.commands()] == ["CREATE_ORDER"]
    worker.close()


async def test_an_order_that_fails_is_held_with_every_reason_and_nobody_is_asked(tmp_path: Path) -> None:
    dear = sold(over=True)._replace(prices={})
    worker = await begun(tmp_path, Tables(dear))
    await worker.follow()

    entry = worker.entry(ORDER_ID)
    assert entry.state is OrderState.HELD
    reasons = {hold.detail.partition(":")[0] for hold in entry.holds}
    assert reasons == {"sku-not-discontinued", "price-current"}
    assert worker.commands() == []
    worker.close()


async def test_a_release_lets_it_go_whatever_the_tables_say(tmp_path: Path) -> None:
    worker = await begun(tmp_path, Tables(sold(over=True)))
    await worker.follow()
    await worker.happen(said("RELEASED"))

    assert [command.kind for command in worker.commands()] == ["CREATE_ORDER"]
    worker.close()


async def test_a_correction_is_checked_anew(tmp_path: Path) -> None:
    tables = Tables(sold(over=True))
    worker = await begun(tmp_path, tables)
    await worker.follow()
    await worker.happen(said("CORRECTED", order=WEB))
    assert worker.commands() == []

    tables.reference = sold()
    await worker.happen(said("CORRECTED", event_id="CORRECTED-2", order=WEB, effective_at=WEB.updated_at + 2))
    assert [command.kind for command in worker.commands()] == ["CREATE_ORDER"]
    worker.close()


async def test_until_the_tables_are_known_orders_wait_and_outcomes_do_not(tmp_path: Path) -> None:
    tables = Tables(sold())
    worker = await begun(tmp_path, tables)
    await worker.follow()
    tables.known.clear()
    later = msgspec.structs.replace(WEB, number="000000124", event_id="e2")
    await worker.place(later, first=1)
    waiting = asyncio.ensure_future(worker.follow())
    await worker.answer(applied(worker.commands()[0]))

    assert worker.entry(ORDER_ID).erp_number == "SO1"
    assert not waiting.done()
    assert worker.entry("web-000000124").state is OrderState.EXPECTED
    tables.known.set()
    await waiting
    assert len(worker.commands()) == 2
    worker.close()


async def test_a_table_that_is_not_fed_holds_what_a_check_needs_it_for(tmp_path: Path) -> None:
    worker = await begun(tmp_path, Tables(Reference()))
    await worker.follow()

    assert {hold.detail for hold in worker.entry(ORDER_ID).holds} == {
        f"{name}: not looked up" for name in GOODS.plan.default
    }
    worker.close()


async def test_what_was_decided_stays_decided_when_the_record_comes_again_after_the_table_changed(
    tmp_path: Path,
) -> None:
    tables = Tables(sold(over=True))
    worker = await begun(tmp_path, tables)
    await worker.follow()
    before = worker.entry(ORDER_ID)
    tables.reference = sold()
    await worker.take(ORDER_EVENT.name, worker.broker.log[ORDER_EVENT.name], 0)

    assert worker.entry(ORDER_ID) == before
    assert worker.commands() == []
    worker.close()


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_kill_at_the_write_keeps_what_was_decided_if_the_log_has_it_and_decides_anew_if_not(
    tmp_path: Path,
    after_effect: bool,  # noqa: FBT001
) -> None:
    tables = Tables(sold(over=True))
    worker = await begun(tmp_path, tables)
    worker.broker.writes, worker.broker.fails_at, worker.broker.after_effect = 0, 1, after_effect
    with pytest.raises(KafkaConnectionError):
        await worker.follow()
    tables.reference = sold()
    await worker.killed()
    await worker.follow()

    assert (worker.entry(ORDER_ID).state is OrderState.HELD) is after_effect
    assert len(worker.commands()) == (0 if after_effect else 1)
    worker.close()


async def test_the_account_fills_in_what_the_erp_needs_and_the_order_says_which_fields(tmp_path: Path) -> None:
    customer = msgspec.structs.replace(WEB.customer, customer_id="7", account_code=None, cost_centre=None)
    stated = msgspec.structs.replace(WEB, customer=customer)
    ours = account(members=(msgspec.structs.replace(account().members[0], channel="web"),))
    tables = Tables(Reference(accounts=by_key(ours)))
    worker = OrderWorker(tmp_path, ("erp",), desk=OrderDesk(LookUpRules(completes=True), tables))
    await worker.open()
    await worker.place(stated)
    await worker.follow()

    [command] = worker.commands()
    assert command.order is not None
    assert (command.order.customer.account_code, command.order.customer.cost_centre) == ("C-1004", "CC-20")
    assert worker.entry(ORDER_ID).statements[0].filled[:2] == ("customer.account_code", "customer.cost_centre")
    worker.close()


EAST_FIRST = OrderRules(
    roles=frozenset({"erp", "wms"}), routing=RoutingRules((RoutingRule(("east", "west")), RoutingRule(("west",))))
)


async def acknowledged(folder: Path, tables: Tables) -> OrderWorker:
    """An order that the ERP has, of a worker that routes by what is in stock."""
    worker = OrderWorker(folder, rules=EAST_FIRST, desk=OrderDesk(LookUpRules(), tables))
    await worker.open()
    await worker.place(WEB)
    await worker.follow()
    return worker


@pytest.mark.parametrize(
    ("available", "source"),
    [(None, "east"), ({}, "east"), ({("west", sku): 10**12 for sku in SKUS}, "west")],
    ids=["nobody says what is there", "nobody has it", "the second has it"],
)
async def test_an_order_goes_to_the_first_source_of_its_rule_that_has_it(
    tmp_path: Path, available: dict[tuple[str, str], int] | None, source: str
) -> None:
    worker = await acknowledged(tmp_path, Tables(Reference(available=available)))
    await worker.answer(applied(worker.commands()[0]))

    assert [task.source_code for task in worker.commands("wms")] == [source]
    worker.close()


async def test_an_order_is_not_routed_before_it_is_known_what_is_in_stock(tmp_path: Path) -> None:
    tables = Tables(Reference())
    worker = await acknowledged(tmp_path, tables)
    tables.stock.clear()
    waiting = asyncio.ensure_future(worker.answer(applied(worker.commands()[0])))
    await turns()
    assert not waiting.done()

    tables.reference = Reference(available={("west", sku): 10**12 for sku in SKUS})
    tables.stock.set()
    await waiting

    assert [task.source_code for task in worker.commands("wms")] == ["west"]
    worker.close()


async def test_what_was_routed_stays_where_it_is_when_the_stock_changes(tmp_path: Path) -> None:
    tables = Tables(Reference(available={("west", sku): 10**12 for sku in SKUS}))
    worker = await acknowledged(tmp_path, tables)
    await worker.answer(applied(worker.commands()[0]))
    tables.reference = Reference(available={("east", sku): 10**12 for sku in SKUS})
    await worker.happen(said("DATE_MOVED", source_system="erp", expected_at=T0))

    assert [task.source_code for task in worker.commands("wms")] == ["west"]
    worker.close()
