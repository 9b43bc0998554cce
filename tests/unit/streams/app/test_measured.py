"""What a process reads of its own metrics."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from streams.app import measured


def test_a_metric_without_observations_has_no_quantile() -> None:
    seconds = Histogram("seconds", "Seconds.", ["flow"], registry=CollectorRegistry())

    assert measured.buckets_by(seconds, "flow") == {}
    assert measured.quantile({}, 0.5) is None


def test_a_quantile_is_the_bound_of_its_bucket_whatever_the_other_labels_are() -> None:
    seconds = Histogram("seconds", "Seconds.", ["target", "call"], buckets=(1, 2, 4), registry=CollectorRegistry())
    for call, value in (("read", 0.5), ("read", 0.5), ("write", 3.0), ("write", 9.0)):
        seconds.labels("erp", call).observe(value)
    seconds.labels("wms", "write").observe(1.5)

    found = measured.buckets_by(seconds, "target")

    assert [measured.quantile(found["erp"], share) for share in (0.5, 0.75, 1.0)] == [1, 4, float("inf")]
    assert measured.quantile(found["wms"], 0.99) == 2
    assert measured.quantile(measured.buckets_by(seconds, "")[""], 0.6) == 2


def test_counts_are_grouped_by_their_first_label_and_zeros_are_left_out() -> None:
    calls = Counter("calls", "Calls.", ["topic", "reason"], registry=CollectorRegistry())
    calls.labels("a", "bad-key").inc(2)
    calls.labels("a", "bad-sku").inc(0)
    calls.labels("b", "bad-key").inc()

    assert measured.by_first(calls) == {"a": {"bad-key": 2}, "b": {"bad-key": 1}}
