"""A product code is one path segment, whatever it is made of."""

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.core.paths import can_carry, path, query_string, segment

NOT_CARRIED = ["", ".", "..", "a\nb", "a\r\nX-Evil: 1", "\x00", "a\x7fb", "a\x85b", "\ud800"]


@given(st.text())
def test_a_segment_decodes_to_the_code_and_nothing_else_or_is_refused(code: str) -> None:
    if not can_carry(code):
        with pytest.raises(RejectedPayloadError):
            segment(code)
        return

    encoded = segment(code)

    assert unquote(encoded, errors="strict") == code
    assert encoded.isascii()
    assert not set(encoded) & set("/?#;&=+ \\:@,")


@pytest.mark.parametrize("code", NOT_CARRIED)
def test_what_no_path_can_carry_is_refused_and_named(code: str) -> None:
    with pytest.raises(RejectedPayloadError) as refused:
        path("products/{sku}", sku=code)

    assert refused.value.fields == (code,)


@pytest.mark.parametrize(
    "code", ["A/B", "../../V1/orders/1", "%2e%2e", ";v=1", "a b?x=1#f", "...", ".a", "日本", "a\\b"]
)
def test_path_like_codes_stay_one_segment(code: str) -> None:
    built = path("products/{sku}/stockItems/{item}", sku=code, item=7)

    segments = built.encoded.split("/")
    assert [unquote(part) for part in segments] == ["products", code, "stockItems", "7"]


def test_metrics_see_the_template_and_never_the_code() -> None:
    assert path("products/{sku}", sku="SECRET-1").template == "products/{sku}"


def test_a_forgotten_or_misspelt_place_is_a_mistake_at_once() -> None:
    with pytest.raises(TypeError, match="sku"):
        path("products/{sku}", code="A")
    with pytest.raises(TypeError, match="sku"):
        path("products", sku="A")


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_a_query_decodes_to_its_pairs_by_both_readings_of_plus(query: list[tuple[str, str]]) -> None:
    pairs = tuple(
        (name.encode(errors="ignore").decode(), value.encode(errors="ignore").decode()) for name, value in query
    )

    text = query_string(pairs)

    assert "+" not in text
    assert parse_qsl(text, keep_blank_values=True, max_num_fields=None) == list(pairs)
