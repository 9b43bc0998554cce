"""Which order a webhook of the shop names, wherever the configured fields put its number."""

import pytest

from streams.sources.commerce_webhook import number_of
from streams.sources.json_form import MalformedError


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventName": "observer.sales_order_save_commit_after", "data": {"order": {"increment_id": "A7"}}}',
        b'{"data": {"increment_id": "A7"}}',
        b'{"order": {"increment_id": "A7", "items": [{"sku": "Pr-1"}]}}',
        b'{"increment_id": "A7"}',
        b'{"data": [], "order": {"increment_id": "A7"}}',
        b'{"data": {"order": []}, "increment_id": "A7"}',
    ],
)
def test_the_number_is_found(body: bytes) -> None:
    assert number_of(body) == "A7"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "increment_id"),
        (b'{"data": {"order": {}}}', "increment_id"),
        (b'{"order": {"increment_id": " 7"}}', "increment_id"),
        (b'{"order": {"increment_id": 7}}', "the body"),
        (b"[]", "the body"),
        (b"", "the body"),
        (b"\xff", "the body"),
        (b'{"order":' * 100_000, "the body"),
    ],
)
def test_a_webhook_without_one_is_told_where_it_should_stand(body: bytes, field: str) -> None:
    with pytest.raises(MalformedError) as refused:
        number_of(body)

    assert [one.field for one in refused.value.problems] == [field]
