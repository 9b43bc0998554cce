"""Today's and changed settings, read without anything that belongs to a target."""

from pathlib import Path

import pytest

from streams.app.replay.changed_settings import Change, two_settings
from streams.settings import SettingsError, read_without_targets

ENVIRON = {
    "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:1",
    "STREAMS_SCHEMA_REGISTRY__URL": "https://r",
    "STREAMS_INVENTORY__LOCATIONS": '{"W1": "east", "W2": "west"}',
}
SECRETS = {
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": "no address at all",
    "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD_FILE": "/nowhere/password",
    "STREAMS_CONNECTORS__NO_SUCH_CONNECTOR__AUTH__TOKEN": "canary-77",
    "STREAMS_WEB__TOKEN_FILE": "/nowhere/token",
    "STREAMS_GATEWAY__SECRETS_FILE": "/nowhere/secrets",
    "STREAMS_ORDERS__ERP": "no_such_erp",
}


def test_a_changed_table_is_told_entry_by_entry() -> None:
    found = two_settings(ENVIRON, ['STREAMS_INVENTORY__LOCATIONS={"W1": "east", "W2": "north", "W3": "south"}'], None)

    assert found.changes == (
        Change("STREAMS_INVENTORY__LOCATIONS W2", "west", "north"),
        Change("STREAMS_INVENTORY__LOCATIONS W3", None, "south"),
    )
    assert found.before.inventory.locations["W2"] == "west"
    assert found.after.inventory.locations["W2"] == "north"


def test_a_changed_number_is_told_with_both_values() -> None:
    (found,) = two_settings(ENVIRON, ["STREAMS_INVENTORY__BUFFER=2"], None).changes

    assert found == Change("STREAMS_INVENTORY__BUFFER", "0", "2")


def test_a_large_table_is_told_in_part() -> None:
    items = ", ".join(f'"I{number}": "S{number}"' for number in range(25))
    found = two_settings(ENVIRON, [f"STREAMS_INVENTORY__ITEMS={{{items}}}"], None).changes

    assert len(found) == 21
    assert found[-1].name == "STREAMS_INVENTORY__ITEMS, 5 more entries"


def test_the_order_of_classes_is_a_change_too() -> None:
    classes = ['"a": {"window_ms": 1, "skus": ["*"]}', '"b": {"window_ms": 2, "skus": ["*"]}']
    today = {**ENVIRON, "STREAMS_INVENTORY__CLASSES": f"{{{', '.join(classes)}}}"}

    (found,) = two_settings(today, [f"STREAMS_INVENTORY__CLASSES={{{', '.join(reversed(classes))}}}"], None).changes

    assert found == Change("STREAMS_INVENTORY__CLASSES", "a, b", "b, a")


def test_a_changed_file_takes_the_place_of_todays(tmp_path: Path) -> None:
    today, changed = tmp_path / "today.toml", tmp_path / "changed.toml"
    today.write_text("[inventory]\nbuffer = 1\n")
    changed.write_text('[inventory]\nbuffer = 3\n[connectors.adobe_commerce]\nbase_url = "x"\n')
    environ = {**ENVIRON, "STREAMS_CONFIG": str(today)}

    (found,) = two_settings(environ, [], str(changed)).changes

    assert found == Change("STREAMS_INVENTORY__BUFFER", "1", "3")


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["STREAMS_INVENTORY__BUFFER"], "is written as NAME=VALUE"),
        (["STREAMS_SINKS__MODE=paused"], "a what-if computes stock: it takes names below STREAMS_INVENTORY__"),
        (["STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL=http://x"], "a what-if computes stock"),
        (["STREAMS_INVENTORY__HOLD_LIMIT_S=5"], "it depends on the clock"),
        (["STREAMS_INVENTORY__BUFER=5"], "no such setting; did you mean STREAMS_INVENTORY__BUFFER"),
        (["STREAMS_INVENTORY__BUFFER=much"], "STREAMS_INVENTORY__BUFFER: "),
        (["STREAMS_INVENTORY__BUFFER=0"], "nothing is changed: both settings are the same"),
        ([], "nothing is changed"),
    ],
)
def test_a_change_that_says_nothing_is_refused(sets: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        two_settings(ENVIRON, sets, None)

    assert said in str(refused.value)


def test_a_file_that_the_environment_hides_is_told_by_the_names_that_hide_it(tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text('[inventory.locations]\nW1 = "north"\n')

    with pytest.raises(SettingsError, match="the environment wins over the file with STREAMS_INVENTORY__LOCATIONS"):
        two_settings(ENVIRON, [], str(changed))


# ── no credentials ───────────────────────────────────────────────────────────────────────────────


def test_nothing_of_a_target_is_read_whatever_is_wrong_with_it() -> None:
    found = read_without_targets({**ENVIRON, **SECRETS})

    assert found.connectors == {}
    assert found.web.token is None
    assert "canary" not in repr(found)


def test_a_file_keeps_its_targets_to_itself(tmp_path: Path) -> None:
    file = tmp_path / "streams.toml"
    file.write_text('connectors = "wrong"\n[web]\nnonsense = 1\n[inventory]\nbuffer = 4\n')

    assert read_without_targets({**ENVIRON, "STREAMS_CONFIG": str(file)}).inventory.buffer == 4


def test_the_passwords_of_brokers_and_registry_are_read() -> None:
    given = {
        **ENVIRON,
        "STREAMS_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "STREAMS_KAFKA__SASL_USERNAME": "me",
        "STREAMS_KAFKA__SASL_PASSWORD_FILE": "/nowhere/kafka",
    }

    with pytest.raises(SettingsError, match="STREAMS_KAFKA__SASL_PASSWORD_FILE: cannot read"):
        read_without_targets(given)


def test_a_misspelt_setting_is_named_as_elsewhere() -> None:
    with pytest.raises(SettingsError, match="STREAMS_INVENTRY__BUFFER: no such setting"):
        read_without_targets({**ENVIRON, "STREAMS_INVENTRY__BUFFER": "1"})
