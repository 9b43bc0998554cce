"""The style sheet keeps its promises: contrast on every ground, no colour beside the tokens, nothing inline."""

import re
from importlib.resources import files

import pytest

CSS = (files("streams.web") / "static" / "app.css").read_text()
JS = (files("streams.web") / "static" / "app.js").read_text()
TEMPLATES = {one.name: one.read_text() for one in (files("streams.web") / "templates").iterdir()}
GROUNDS = ("bg", "surface", "sunken", "ok-bg", "warn-bg", "bad-bg", "unknown-bg", "info-bg")
TEXT = ("text", "muted", "link", "ok", "warn", "bad", "unknown", "info")
LOWEST = {
    "light": {"text": 15.2, "muted": 5.9, "link": 6.0, "ok": 5.7, "warn": 5.9, "bad": 5.8, "unknown": 5.2, "info": 6.0,
              "edge": 3.1, "focus": 6.0, "button": 7.0, "danger": 6.7},
    "dark": {"text": 11.8, "muted": 6.2, "link": 6.8, "ok": 7.4, "warn": 7.6, "bad": 6.4, "unknown": 6.9, "info": 6.8,
             "edge": 3.8, "focus": 8.0, "button": 9.1, "danger": 8.5},
}  # fmt: skip
"""Lowest ratio of each colour on all grounds, as it was agreed."""


def _tokens(scheme: str) -> dict[str, str]:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    block = light if scheme == "light" else dark.split("\n/*")[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", block))


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ratio(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground(scheme: str) -> None:
    tokens = _tokens(scheme)

    for name in TEXT:
        lowest = min(_ratio(tokens[name], tokens[ground]) for ground in GROUNDS)
        assert lowest >= 4.5
        assert lowest == pytest.approx(LOWEST[scheme][name], abs=0.06), name
    for name in ("edge", "focus"):
        lowest = min(_ratio(tokens[name], tokens[ground]) for ground in GROUNDS)
        assert lowest >= 3
        assert lowest == pytest.approx(LOWEST[scheme][name], abs=0.06), name
    assert _ratio(tokens["accent"], tokens["on-accent"]) == pytest.approx(LOWEST[scheme]["button"], abs=0.06)
    assert _ratio(tokens["danger"], tokens["on-danger"]) == pytest.approx(LOWEST[scheme]["danger"], abs=0.06)


def test_no_colour_stands_beside_the_tokens() -> None:
    rules = re.sub(r":root[^{]*\{[^}]*\}", "", CSS)

    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", rules)
    for name, text in TEMPLATES.items():
        assert not re.search(r"(?:fill|stroke|color)=[\"']#", text), name


def test_every_token_that_is_used_is_declared() -> None:
    declared = set(re.findall(r"(--[\w-]+):", CSS))

    assert set(re.findall(r"var\((--[\w-]+)\)", CSS)) <= declared


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_in_a_template_needs_an_exception_of_the_policy(name: str) -> None:
    text = TEMPLATES[name]

    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", text)
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert "|safe" not in text
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text


def test_the_script_only_ever_sets_text() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setTimeout\(['\"]", JS
    )


def test_sheet_and_script_stay_small() -> None:
    assert len(CSS) < 20_000
    assert len(JS) < 20_000
