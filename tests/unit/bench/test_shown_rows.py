"""The stub shop lists what was written as Commerce does: by source, behind a SKU, or of named SKUs."""

from bench.programs.shown_rows import Question, Row, ShownRows
from connectors.adobe_commerce.criteria import Criteria, Filter


def shop(*skus: str) -> ShownRows:
    shown = ShownRows()
    shown.put(Row("north", sku, 1.0, 1) for sku in skus)
    shown.put([Row("south", "A", 9.0, 1)])
    return shown


def asked(*filters: Filter, size: int = 2, page: int = 1) -> Question:
    criteria = Criteria(groups=(Filter("source_code", "eq", "north"), *filters), page_size=size, page=page)
    return Question.of(dict(criteria.query()))


def skus_of(shown: ShownRows, question: Question) -> tuple[list[str], int]:
    rows, count = shown.answer(question)
    return [row.sku for row in rows], count


def test_the_connector_s_pages_follow_the_key() -> None:
    shown = shop("C", "A", "B")

    assert skus_of(shown, asked()) == (["A", "B"], 3)
    assert skus_of(shown, asked(Filter("sku", "gt", "B"))) == (["C"], 1)
    assert skus_of(shown, asked(page=2)) == (["C"], 3)


def test_named_skus_are_looked_up_at_their_source_only() -> None:
    shown = shop("A", "B", "C")

    assert skus_of(shown, asked(Filter("sku", "in", "A,C,X"))) == (["A", "C"], 2)
    assert skus_of(shown, asked(Filter("sku", "eq", "B,C"))) == ([], 0)
    assert skus_of(shown, asked(Filter("sku", "eq", "B"))) == (["B"], 1)


def test_what_somebody_else_writes_or_deletes_is_shown_at_once() -> None:
    shown = shop("A", "B", "C")
    skus_of(shown, asked())

    shown.delete([("north", "B"), ("north", "never there"), ("nowhere", "A")])
    shown.put([Row("north", "AA", 5.0, 1), Row("north", "C", 7.0, 0)])

    rows, _ = shown.answer(asked(size=9))
    assert rows == [Row("north", "A", 1.0, 1), Row("north", "AA", 5.0, 1), Row("north", "C", 7.0, 0)]
    assert len(shown) == 4
