"""A live worker under load, as a real Prometheus and a collector of traces see it, and the runbooks' commands at it."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from streams.runtime.operating.posting import Outgoing
from tests.integration.runtime.conftest import MakeSite
from tests.integration.runtime.site import LONG_S, STOCK, Site
from tests.monitor import ALERTS, ROOT, RULES, Prometheus, is_there, program
from tests.otlp import Collector
from tests.processes import until

pytestmark = pytest.mark.integration

BOARD = json.loads((ROOT / "ops" / "grafana" / "dashboards" / "commerce-streams.json").read_text())
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
NAME = re.compile(r"\b(?:streams|process)_\w+")
COMMAND = re.compile(r"(?:`|^)((?:[A-Z_]+=\S+ )*commerce-streams [^`\n]*)", re.MULTILINE)
WINDOW = "10s"
ORDER = ("process", "write-stock", "POST")
NEEDS_ORDERS = re.compile(r"streams_order|commerce[.]order|outcome!=|streams_unknown_words")
NEEDS_MORE = {
    "streams_certificate_expiry_timestamp_seconds": "a file",
    "streams_unknown_outcomes_total": "a lost answer",
}
"""What has no series at a worker that has none of it."""
REFUSED = 2
MORE_SKUS = 200
needs_prometheus = pytest.mark.skipif(
    not is_there("prometheus"), reason="2026-11-22: prometheus is not installed: apt-get install prometheus"
)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector().running() as running:
        yield running


@pytest.fixture(scope="module")
def live(make_site: MakeSite, collector: Collector) -> Iterator[Site]:
    """One worker, traced; it has closed a day."""
    site = make_site(STREAMS_INVENTORY__WINDOW_MS="50", STREAMS_TRACES__URL=collector.url)
    site.desk.run("resume", STOCK)
    site.desk.run("sinks", "run", "commerce")
    site.ready()
    site.desk.run("completeness", "--now", expect=None, STREAMS_WEB__PORT=str(site.workers[0].port))
    yield site
    site.desk.run("sinks", "run", "commerce")
    site.desk.run("resume", STOCK)


@pytest.fixture(scope="module")
def prometheus(live: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has seen the worker before, during and after the load."""
    made = Prometheus(tmp_path_factory.mktemp("prometheus"), [live.workers[0].port], RULES)
    made.start()
    made.wait_scraped()
    _load(live)
    made.wait_scraped(5)
    yield made
    made.end()


def _load(site: Site) -> None:
    """Three counts of each SKU, of which the catalogue holds one, and a record that nobody can read."""
    skus = ["in-the-catalogue", *(site.sku(str(number)) for number in range(20))]
    for quantity in (5, 6, 7):
        site.desk.post([site.change(sku, "ABSOLUTE", quantity) for sku in skus])
    _poison(site)
    for sku in skus:
        site.wait_shown(sku, 7)


def _poison(site: Site) -> None:
    """A record that nobody can read is set aside."""
    before = len(site.letters())
    site.post(Outgoing(STOCK, site.sku("poison").encode(), b"not a record"))
    until(lambda: len(site.letters()) > before, within=LONG_S, what="the letter is there", step=0.1)


# ── what is scraped ──────────────────────────────────────────────────────────────────────────────


def _scrape(site: Site) -> str:
    with urlopen(f"{site.workers[0].url}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def test_a_worker_exports_every_metric_that_an_alert_or_a_panel_reads(live: Site) -> None:
    families = dict(re.findall(r"^# TYPE (\w+) (\w+)$", _scrape(live), flags=re.MULTILINE))
    exported = {name + part for name in families for part in ("", "_bucket", "_count", "_sum")}
    asked = [alert["expr"] for alert in ALERTS]
    asked += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]

    assert {name for expr in asked for name in NAME.findall(expr)} <= exported


def test_more_skus_make_no_more_series(live: Site) -> None:
    _load(live)
    before = _series(live)

    live.desk.post([live.change(live.sku(f"more-{number}"), "ABSOLUTE", 1) for number in range(MORE_SKUS)])
    live.wait_shown(live.sku(f"more-{MORE_SKUS - 1}"), 1)
    live.wait_read()

    new = _series(live) - before
    assert len(new) < MORE_SKUS // 5
    assert not [one for one in new if "more-" in one]


def _series(site: Site) -> set[str]:
    """Names with labels, without values; another outcome, reason or status code may come at any time."""
    return {line.rpartition(" ")[0] for line in _scrape(site).splitlines() if not line.startswith("#")}


@pytest.mark.skipif(
    not is_there("promtool"), reason="2026-11-22: promtool is not installed: apt-get install prometheus"
)
def test_promtool_finds_nothing_to_say_of_the_names(live: Site) -> None:
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=_scrape(live), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


# ── what Prometheus makes of it ──────────────────────────────────────────────────────────────────


def _queries() -> list[Any]:
    return [
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in BOARD["panels"]
        for target in panel["targets"]
    ]


@needs_prometheus
@pytest.mark.parametrize("expr", _queries())
def test_a_query_of_the_dashboard_has_an_answer_where_there_is_something(prometheus: Prometheus, expr: str) -> None:
    asked = expr.replace("$__rate_interval", WINDOW).replace("$job", ".+").replace("$instance", ".+")
    needs_more = NEEDS_ORDERS.search(expr) or any(name in expr for name in NEEDS_MORE)

    answer = prometheus.query(asked)

    assert answer or needs_more, asked


@needs_prometheus
def test_the_sums_of_a_worker_at_rest_close_and_what_was_set_aside_is_told(prometheus: Prometheus) -> None:
    prometheus.wait_for(f'sum(streams_inflight_records{{topic="{STOCK}"}}) == 0')
    prometheus.wait_for('max(streams_dead_letters_open{reason="not-framed"}) > 0')
    prometheus.wait_for('ALERTS{alertname="DeadLetterRate",alertstate="firing"}')

    assert prometheus.query(f'sum(streams_unaccounted_records{{topic="{STOCK}"}}) == 0')
    assert prometheus.query("max(streams_oldest_dead_letter_age_seconds) > 0")
    assert prometheus.firing() == {"DeadLetterRate", "Watchdog"}


# ── traces ───────────────────────────────────────────────────────────────────────────────────────


def test_one_trace_leads_from_the_record_in_kafka_to_the_call_of_the_shop(live: Site, collector: Collector) -> None:
    trace_id, upstream, sku = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", live.sku("traced")
    counted = live.change(sku, "ABSOLUTE", 3)._replace(
        headers=(("traceparent", f"00-{trace_id}-{upstream}-01".encode()),)
    )

    place = live.post(counted)
    live.wait_shown(sku, 3)
    until(lambda: len(collector.spans) >= 3, within=LONG_S, what="its spans", step=0.1)

    process, write, exchange = sorted(collector.spans, key=lambda span: ORDER.index(span.name.split()[0]))
    assert {span.trace_id for span in (process, write, exchange)} == {trace_id}
    assert [process.parent_id, write.parent_id, exchange.parent_id] == [upstream, process.span_id, write.span_id]
    assert process.attributes["messaging.kafka.offset"] == place.offset
    assert exchange.attributes["http.response.status_code"] == 200
    assert sku not in repr(collector.spans)


# ── the way out ──────────────────────────────────────────────────────────────────────────────────

ONLY_LOOKED_UP = {"worker", "poll", "replay", "orders", "gaps accept", "dead-letters edit", "stock rebase"}
"""These would begin a process, move offsets, or need what is not here: their options are checked, they do not run."""


def _commands() -> list[str]:
    return sorted({found.partition(" #")[0].strip() for found in COMMAND.findall(RUNBOOKS)})


def _filled(command: str, site: Site) -> list[str]:
    """The arguments, with what is there in place of the words that stand for something."""
    letter = site.letters()[0]
    place = "-".join(letter.header(f"dl_{part}") or "" for part in ("topic", "partition", "offset"))
    stands_for = {
        "LETTER": place,
        "wms.stock-change.v1-3-120": place,
        "TOPIC-PARTITION-OFFSET": place,
        "GROUP": _group(site) if "GROUP" in command or "unexpected-error" in command else "",
        "unexpected-error": "not-framed",
        "SKU": site.sku("0"),
        "PUMP-200": site.sku("0"),
        "ORDER_ID": "commerce-1",
        "WHY": "tested",
        "erp": "commerce",
        "…": STOCK,
    }
    words = shlex.split(command[command.index("commerce-streams ") :])[1:]
    return [stands_for.get(word, word) for word in words]


def _group(site: Site) -> str:
    """One with an open letter: an earlier command may have worked the last."""
    _poison(site)
    groups = site.desk.json("dead-letters", "list", expect=None)
    return next(str(one["group"]) for one in groups if one["reason"] == "not-framed")


@pytest.mark.parametrize("command", _commands())
def test_a_command_of_the_runbooks_does_what_it_says(live: Site, prometheus: Prometheus, command: str) -> None:
    """Exit code 1 tells of something found; a refused option, a fault or an unknown command would be 2."""
    words = _filled(command, live)
    only_looked_up = any(" ".join(words).startswith(one) for one in ONLY_LOOKED_UP)

    done = live.desk.run(
        *words, *(["--help"] if only_looked_up else []), expect=None, STREAMS_WEB__PORT=str(live.workers[0].port)
    )

    assert done.exit_code < REFUSED, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    assert done.output.strip()
