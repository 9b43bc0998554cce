import pytest

from streams.cli.output import echo_rows, progress


def test_columns_are_as_wide_as_they_need_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    echo_rows(("a", "b"), [("long one", "x"), ("y", "z")])

    assert capsys.readouterr().out == "a         b\nlong one  x\ny         z\n"


def test_nothing_is_printed_for_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    echo_rows(("a", "b"), [])

    assert capsys.readouterr().out == ""


def test_somebody_elses_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    echo_rows(("sku",), [("\x1b[2J\x1b]0;owned\x07\u202eabc",)])

    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "<U+001B>[2J" in shown


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading") as told:
        told(1, 2)

    assert capsys.readouterr() == ("", "")
