"""Orders of the simulated channels: what the schema takes, money that adds up, the same for the same seed."""

from decimal import Decimal

from schemas.catalogue import COMMERCE_ORDER
from schemas.projection import decoder
from simulators.channels.orders import Channels, catalogue
from simulators.wms.wire import RecordCodec, schema_of

NOW = 1_772_400_000_000_000


def test_every_order_is_a_record_of_the_contract_and_reads_as_one() -> None:
    codec = RecordCodec(schema_of(COMMERCE_ORDER.topic))
    read = decoder(COMMERCE_ORDER, COMMERCE_ORDER.schema_text)

    for order in Channels(catalogue(20), now=NOW).orders(50):
        back = read.decode(codec.encode(order), 0)
        assert back.number == order["number"]
        assert [line.quantity for line in back.lines] == [int(line["quantity"] * 1_000_000) for line in order["lines"]]


def test_the_money_adds_up() -> None:
    for order in Channels(catalogue(20), now=NOW).orders(50):
        totals = order["totals"]
        assert totals["subtotal"] == sum((line["row_total"] for line in order["lines"]), Decimal(0))
        assert totals["grand_total"] == totals["subtotal"] + totals["tax"] + totals["shipping"]


def test_the_same_seed_places_the_same_orders_and_no_number_is_given_twice() -> None:
    first, second = (list(Channels(catalogue(9), seed=4, now=NOW).orders(40)) for _ in range(2))

    assert first == second
    assert len({(order["channel"], order["number"]) for order in first}) == 40
    assert {order["channel"] for order in first} == {"web", "dealer"}
