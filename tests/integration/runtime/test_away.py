"""Something that a live worker needs is away, or does not answer: what can wait, waits; what cannot is said."""

import json
from collections.abc import Iterator

import pytest

from schemas.avro_text import parse_schema
from schemas.catalogue import STOCK_CHANGE
from schemas.codec import Writer, frame
from simulators.local_stack import LocalStack
from simulators.network import Kind, Proxy, Toxic
from streams.runtime.operating.posting import Outgoing
from tests.integration.runtime.conftest import COMMERCE, MakeSite
from tests.integration.runtime.site import LONG_S, PARTITIONS, STOCK, Site
from tests.processes import call, until

pytestmark = pytest.mark.integration

LONGER_THAN_A_STOP_S = "60"


@pytest.fixture
def proxy(stack: LocalStack) -> Iterator[Proxy]:
    with Proxy.before(stack.registry.url) as made:
        yield made


def _of_a_later_release(stack: LocalStack, record: dict[str, object]) -> bytes:
    """As a WMS writes it whose schema is new to every worker."""
    schema = json.loads(STOCK_CHANGE.schema_text)
    schema["fields"].append({"name": "new_field", "type": "string", "default": ""})
    text = json.dumps(schema)
    url = f"{stack.registry.url}/subjects/later-release-value/versions"
    number = int(call(url, method="POST", body={"schema": text})["id"])
    return frame(number, Writer(parse_schema(text)).write({**record, "new_field": "x"}))


def test_records_of_a_new_schema_wait_while_the_registry_is_away(
    make_site: MakeSite, stack: LocalStack, proxy: Proxy
) -> None:
    site = make_site(STREAMS_SCHEMA_REGISTRY__URL=proxy.through(stack.registry.url))
    worker = site.ready()
    one, other = _skus_of_two_partitions(site)
    for sku in (one, other):
        site.count(sku, 10)
        site.wait_shown(sku, 10)
    site.wait_read()
    new = Outgoing(STOCK, one.encode(), _of_a_later_release(stack, site.record(one, "DELTA", 1)))
    known = [site.change(sku, "DELTA", 5) for sku in (one, other)]
    proxy.strike(Toxic(Kind.DOWN))

    site.post(known[0])
    site.wait_shown(one, 15)
    site.post(new)
    until(lambda: "registry-unavailable" in worker.log, within=LONG_S, what=lambda: worker.log)
    site.post(known[1])
    site.wait_shown(other, 15)

    until(lambda: site.unread(STOCK) == 1, within=LONG_S, what="everything but the record that waits is committed")
    assert (site.letters(), worker.running) == ([], True)
    proxy.heal()
    site.wait_shown(one, 16)
    site.wait_read()
    assert site.letters() == []
    assert worker.stop() == 0


def _skus_of_two_partitions(site: Site) -> list[str]:
    found = {site.partition(sku): sku for sku in map(site.sku, "ABCDEFGH")}
    assert len(found) == PARTITIONS
    return list(found.values())


def test_a_worker_whose_shop_hangs_stops_within_its_limit_and_says_what_it_left(site: Site) -> None:
    sku, slow = site.sku(), {f"{COMMERCE}{name}_S": LONGER_THAN_A_STOP_S for name in ("TIMEOUT", "SETTLE")}
    worker = site.ready(**slow)
    site.count(sku, 10)
    site.wait_shown(sku, 10)
    rule = site.shop.fault(kind="hang", path="source-items$", methods=["POST"], delay_s=float(LONGER_THAN_A_STOP_S))
    site.count(sku, 20)
    until(lambda: site.shop.hits(rule) == 1, within=LONG_S, what=lambda: f"a call hangs\n{worker.log}")

    code = worker.stop(within=35)
    site.shop.heal()

    assert code == 0, worker.log
    (line,) = [line for line in worker.log.splitlines() if "calls-left-open" in line]
    assert "rows=1" in line
    assert "stop-took-too-long" not in worker.log
    heir = site.ready("heir")
    site.wait_shown(sku, 20)
    assert "intents=1" in heir.log
