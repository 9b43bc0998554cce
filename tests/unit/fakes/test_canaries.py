import base64
from urllib.parse import quote

import pytest

from tests.fakes.canaries import seen

VALUE = "canary+p/ss wörd=7c1"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
def test_a_value_is_found_in_base64_wherever_it_begins(before: str) -> None:
    header = base64.b64encode(f"{before}{VALUE} and more".encode()).decode()

    assert seen([VALUE], f"Authorization: Basic {header}") == [VALUE]


@pytest.mark.parametrize("text", [VALUE, quote(VALUE, safe=""), VALUE.encode().hex(), ascii(VALUE)])
def test_a_value_is_found_in_clear_and_in_addresses_and_escaped(text: str) -> None:
    assert seen([VALUE], f"… {text} …") == [VALUE]


def test_another_text_is_not_taken_for_it() -> None:
    assert seen([VALUE], "canary") == []
