from hypothesis import given
from hypothesis import strategies as st

from simulators.core.wire import JsonValue
from simulators.salesforce.objects import EXTERNAL_ID
from simulators.salesforce.table import FOUND_BY, Table

IDS = st.sampled_from(["801A", "801B", "801C"])
VALUES = st.sampled_from([None, "a", "A", "b", 7])
CHANGES = st.lists(st.tuples(IDS, st.none() | st.tuples(VALUES, VALUES)))


@given(changes=CHANGES, field=st.sampled_from(FOUND_BY), asked=st.lists(VALUES, min_size=1))
def test_what_a_table_finds_is_all_that_reading_every_record_finds(
    changes: list[tuple[str, tuple[JsonValue, JsonValue] | None]], field: str, asked: list[JsonValue]
) -> None:
    table = Table()
    for id_, held in changes:
        if held is None:
            table.pop(id_, None)
        else:
            table[id_] = dict(zip(FOUND_BY, held, strict=True))

    found = table.near(field, asked)

    assert {id_ for id_, record in table.items() if record[field] in asked} <= set(found) <= set(table)
    assert found == sorted(set(found))


def test_a_table_finds_text_without_regard_to_case_and_nothing_else() -> None:
    table = Table()
    for number, name in enumerate(("north", "NORTH", "south")):
        table[f"801{number}"] = {EXTERNAL_ID: name}

    assert table.near(EXTERNAL_ID, ["North"]) == ["8010", "8011"]
