"""The stock look-up, as it is printed."""

import pytest

from streams.cli.stock_page import print_stock

NORTH = {
    "source": "north",
    "desired": "7",
    "written": {"value": "10"},
    "in_shop": None,
    "state": "clean",
    "terms": [{"name": "on_hand", "label": "on hand", "sign": 1, "value": "7"}],
}


def _printed(capsys: pytest.CaptureFixture[str], **more: object) -> str:
    print_stock({"state": "ok", "headline": "In step", "sentence": "", "sources": [NORTH | more]})
    return capsys.readouterr().out


def test_what_is_shipped_and_not_posted_stands_under_the_formula(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, shipped="3").splitlines()

    formula = next(number for number, line in enumerate(printed) if "on hand 7" in line)
    assert printed[formula + 1].strip() == "+ shipped, not yet posted 3: in the lane until Commerce has the shipment"


def test_nothing_is_said_where_nothing_is_under_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert "shipped" not in _printed(capsys, shipped=None)
