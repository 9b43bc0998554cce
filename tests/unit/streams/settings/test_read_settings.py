"""The settings: environment over file over defaults, and each mistake said in one line that names it."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from streams.settings import Settings, SettingsError, read_settings, shown
from streams.settings.inventory import OwnerSettings
from streams.settings.read import known_names
from tests.unit.streams.settings.private import private

LEAST = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:9092", "STREAMS_SCHEMA_REGISTRY__URL": "https://r:8081"}
TOML = '[kafka]\nbootstrap_servers = "file:9092"\n[schema_registry]\nurl = "https://file:8081"\n'
CANARY = "hunter2-canary"


def read(**given: str) -> Settings:
    """The least that is needed, and these names below STREAMS_."""
    return read_settings(LEAST | {f"STREAMS_{name}": value for name, value in given.items()})


def refusal(environ: Mapping[str, str]) -> str:
    """The one line."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environ)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def wrong(**given: str) -> str:
    return refusal(LEAST | {f"STREAMS_{name}": value for name, value in given.items()})


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    """Writes a file and gives its path."""

    def write(text: str) -> str:
        path = tmp_path / "streams.toml"
        private(path, text)
        return str(path)

    return write


# ── what is read ─────────────────────────────────────────────────────────────────────────────────


def test_the_least_that_is_needed_gives_the_documented_defaults() -> None:
    settings = read()

    assert (settings.kafka.bootstrap_servers, settings.schema_registry.url) == ("k:9092", "https://r:8081")
    assert (settings.kafka.session_timeout_s, settings.kafka.partitions, settings.web.host) == (10, 8, "127.0.0.1")
    assert (settings.inventory.window_ms, settings.inventory.buffer) == (1000, Decimal(0))
    assert settings.inventory.locations == {}
    assert (settings.inventory.horizon_s, settings.inventory.max_record_bytes) == (86_400, 262_144)
    assert settings.sinks.mode == "run"


def test_names_of_other_programs_are_none_of_ours() -> None:
    assert shown(read_settings({**LEAST, "PATH": "/bin", "KAFKA__BOOTSTRAP_SERVERS": "x"})) == shown(read())


def test_tables_and_lists_are_written_as_json() -> None:
    settings = read(
        INVENTORY__LOCATIONS='{"W1": "main", "wms/W2": "south"}',
        INVENTORY__NEGATIVE_ALLOWED='["wms", "erp"]',
        INVENTORY__OWNERS='{"W1": {"source_system": "wms"}, "W2/ON_HOLD": {"source_system": "e", "owner_code": "o"}}',
        INVENTORY__CLASSES='{"fast": {"window_ms": 0, "skus": ["HOT-*"]}, "nightly": {"at": "02:30"}}',
        INVENTORY__ALLOCATIONS='{"wms": "all", "erp": "other"}',
        INVENTORY__BUFFERS='{"main|A": 0.1, "*|B": "2.5"}',
    )
    inventory = settings.inventory

    assert inventory.locations == {"W1": "main", "wms/W2": "south"}
    assert inventory.negative_allowed == ("wms", "erp")
    assert inventory.owners["W1"] == OwnerSettings(source_system="wms")
    assert inventory.owners["W2/ON_HOLD"].owner_code == "o"
    assert [(name, one.window_ms, one.at) for name, one in inventory.classes.items()] == [
        ("fast", 0, None),
        ("nightly", None, "02:30"),
    ]
    assert inventory.buffers == {"main|A": Decimal("0.1"), "*|B": Decimal("2.5")}


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=5))
def test_any_table_of_texts_survives_the_environment(table: dict[str, str]) -> None:
    assert read(INVENTORY__LOCATIONS=json.dumps(table)).inventory.locations == table


def test_settings_cannot_be_changed() -> None:
    settings: Any = read()

    with pytest.raises(ValidationError):
        settings.web.port = 1


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def test_a_file_gives_what_the_environment_does_not(toml: Callable[[str], str]) -> None:
    path = toml(TOML + '[inventory]\nbuffer = "0.5"\n[inventory.locations]\nW1 = "main"\n')

    settings = read_settings({"STREAMS_CONFIG": path})

    assert settings.kafka.bootstrap_servers == "file:9092"
    assert (settings.inventory.buffer, settings.inventory.locations) == (Decimal("0.5"), {"W1": "main"})


def test_the_environment_wins_over_the_file(toml: Callable[[str], str]) -> None:
    path = toml(TOML + "[web]\nport = 7000\n[inventory]\nbuffer = 5\n")

    settings = read_settings(
        {"STREAMS_CONFIG": path, "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "env:1", "STREAMS_INVENTORY__BUFFER": "7"}
    )

    assert (settings.kafka.bootstrap_servers, settings.schema_registry.url) == ("env:1", "https://file:8081")
    assert (settings.inventory.buffer, settings.web.port) == (Decimal(7), 7000)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[inventory]\nbufer = 5\n", "STREAMS_INVENTORY__BUFER: no such setting"),
        ("[inventory]\nbuffer = 'x'\n", "STREAMS_INVENTORY__BUFFER: Input should be a valid decimal (found: 'x')"),
        ("kafkaa = 5\n", "STREAMS_SCHEMA_REGISTRY__KAFKAA: no such setting"),
    ],
)
def test_a_mistake_in_the_file_is_named_like_one_in_the_environment(
    toml: Callable[[str], str], text: str, line: str
) -> None:
    assert refusal({"STREAMS_CONFIG": toml(TOML + text)}).startswith(line)


def test_a_file_that_is_not_there_or_is_not_toml_is_named(toml: Callable[[str], str], tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.toml")

    assert refusal({"STREAMS_CONFIG": missing}).startswith(f"STREAMS_CONFIG: cannot read '{missing}'")
    assert refusal({"STREAMS_CONFIG": str(tmp_path)}).startswith("STREAMS_CONFIG: cannot read")
    assert "is not TOML" in refusal({"STREAMS_CONFIG": toml("kafka = [")})


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KAFKA__BOOTSTRAP_SERVER", "STREAMS_KAFKA__BOOTSTRAP_SERVERS"),
        ("INVENTORY__BUFER", "STREAMS_INVENTORY__BUFFER"),
        ("WEB__TOKN", "STREAMS_WEB__TOKEN"),
        ("INVENTORY_BUFFER", "STREAMS_INVENTORY__BUFFER"),
        ("SINK__MODE", "STREAMS_SINKS__MODE"),
    ],
)
def test_a_name_that_nobody_knows_is_an_error_with_a_suggestion(name: str, meant: str) -> None:
    line = wrong(**{name: CANARY})

    assert line.startswith(f"STREAMS_{name}: no such setting; did you mean ")
    assert meant in line
    assert CANARY not in line


def test_a_name_like_no_other_points_to_the_list_of_names() -> None:
    assert "docs/configuration.md" in wrong(QWERTYUIOP__ASDFGHJKL__ZXCVBNM="1")


def test_a_branch_is_no_setting() -> None:
    assert "no such setting" in wrong(INVENTORY='{"buffer": 5}')


def test_what_is_missing_is_named_and_the_others_are_counted() -> None:
    assert refusal({}) == "STREAMS_KAFKA__BOOTSTRAP_SERVERS: is not set; and 1 more"
    one = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:1"}
    assert refusal(one) == "STREAMS_SCHEMA_REGISTRY__URL: is not set"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("WEB__PORT", "99999", "less than or equal to 65535 (found: '99999')"),
        ("WEB__PORT", "http", "valid integer"),
        ("KAFKA__SECURITY_PROTOCOL", "TLS", "'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL' (found: 'TLS')"),
        ("KAFKA__SESSION_TIMEOUT_S", "2", "greater than or equal to 6"),
        ("KAFKA__PARTITIONS", "0", "greater than or equal to 1"),
        ("APP_ID", "a b", "should match pattern"),
        ("SINKS__MODE", "off", "'run', 'shadow' or 'paused'"),
        ("INVENTORY__COUNT_WIP", "maybe", "valid boolean"),
        ("INVENTORY__BUFFER", "-1", "greater than or equal to 0"),
        ("INVENTORY__BUFFER", "nan", "finite number"),
        ("INVENTORY__WINDOW_MS", "-1", "greater than or equal to 0"),
        ("INVENTORY__HORIZON_S", "5", "greater than or equal to 60"),
        ("INVENTORY__LOCATIONS", "W1=main", "not valid JSON"),
        ("INVENTORY__LOCATIONS", '["W1"]', 'must look like {"key": value}'),
        ("INVENTORY__NEGATIVE_ALLOWED", "wms", "not valid JSON"),
        ("INVENTORY__NEGATIVE_ALLOWED", '{"a": 1}', 'must look like ["value"]'),
        ("INVENTORY__ITEMS", '{"4711": "A", "4712": "A"}', "two items for one SKU"),
        ("INVENTORY__ITEMS", '{"4711": "4712", "4712": "B"}', "two items for one SKU"),
        ("LOGS__LEVEL", "TRACE", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed_and_what_was_found(name: str, value: str, what: str) -> None:
    line = wrong(**{name: value})

    assert line.startswith(f"STREAMS_{name}: ")
    assert what in line


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("LOCATIONS", '{"W1": 5}', "LOCATIONS__W1: Input should be a valid string (found: 5)"),
        ("ALLOCATIONS", '{"wms": "some"}', "ALLOCATIONS__WMS: Input should be 'other' or 'all' (found: 'some')"),
        ("OWNERS", '{"W1": {"system": "wms"}}', "OWNERS__W1__SOURCE_SYSTEM: is not set; and 1 more"),
        ("UNITS", '{"CASE": "twelve"}', "UNITS__CASE: Input should be a valid decimal (found: 'twelve')"),
        ("UNITS", '{"CASE": "NaN"}', "UNITS__CASE: Input should be a finite number (found: 'NaN')"),
        ("CLASSES", '{"fast": {}}', "CLASSES__FAST: a class needs window_ms or at, not both"),
        ("CLASSES", '{"f": {"window_ms": 1, "at": "02:00"}}', "CLASSES__F: a class needs window_ms or at, not both"),
        ("CLASSES", '{"f": {"at": "25:00"}}', "CLASSES__F__AT: String should match pattern"),
        ("CLASSES", '{"f": {"at": "02:00", "sku": []}}', "CLASSES__F__SKU: no such setting"),
    ],
)
def test_a_mistake_inside_a_table_is_named_down_to_its_entry(name: str, value: str, line: str) -> None:
    assert wrong(**{f"INVENTORY__{name}": value}).startswith(f"STREAMS_INVENTORY__{line}")


@pytest.mark.parametrize("given", [{}, {"SASL_USERNAME": "u"}, {"SASL_PASSWORD": CANARY}])
def test_signing_in_to_kafka_needs_user_and_password(given: dict[str, str]) -> None:
    names = {f"KAFKA__{name}": value for name, value in given.items()}
    line = wrong(KAFKA__SECURITY_PROTOCOL="SASL_SSL", **names)

    assert line.startswith("STREAMS_KAFKA: SASL needs SASL_USERNAME and SASL_PASSWORD")
    assert CANARY not in line


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_can_stand_in_a_file(tmp_path: Path) -> None:
    private(tmp_path / "token", f"  {CANARY}\n")

    settings = read(WEB__TOKEN_FILE=str(tmp_path / "token"))

    assert settings.web.token is not None
    assert settings.web.token.get_secret_value() == CANARY


def test_the_plain_name_wins_over_the_file_of_a_secret(tmp_path: Path) -> None:
    private(tmp_path / "token", "from-file")

    settings = read(WEB__TOKEN_FILE=str(tmp_path / "token"), WEB__TOKEN="plain")

    assert settings.web.token is not None
    assert settings.web.token.get_secret_value() == "plain"


def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    private(tmp_path / "binary", b"\xff\xfe\x00")

    assert wrong(WEB__TOKEN_FILE="/nowhere/token").startswith("STREAMS_WEB__TOKEN_FILE: cannot read '/nowhere/token'")
    assert wrong(WEB__TOKEN_FILE=str(tmp_path / "binary")).startswith("STREAMS_WEB__TOKEN_FILE: cannot read")


def test_only_secrets_can_stand_in_files() -> None:
    assert wrong(WEB__HOST_FILE="/etc/hostname").startswith("STREAMS_WEB__HOST_FILE: no such setting")


def test_files_of_certificates_are_settings_of_their_own() -> None:
    settings = read(KAFKA__SSL_KEYFILE="/a/key.pem", KAFKA__SSL_CAFILE="/a/ca.pem")

    assert (settings.kafka.ssl_keyfile, settings.kafka.ssl_cafile) == (Path("/a/key.pem"), Path("/a/ca.pem"))


def test_a_secret_is_never_shown() -> None:
    settings = read(
        WEB__TOKEN=CANARY,
        WEB__READ_TOKEN=CANARY,
        KAFKA__SASL_PASSWORD=CANARY,
        KAFKA__SSL_KEY_PASSWORD=CANARY,
        SCHEMA_REGISTRY__PASSWORD=CANARY,
    )

    assert CANARY not in repr(settings)
    assert CANARY not in json.dumps(shown(settings))
    assert CANARY not in settings.model_dump_json()


def test_what_is_shown_gives_the_same_settings_where_it_is_set() -> None:
    settings = read(
        INVENTORY__LOCATIONS='{"WH-1": "east"}',
        INVENTORY__UNITS='{"EA": "1", "BOX": "12.5"}',
        INVENTORY__COUNT_WIP="true",
        ORDERS__NOTIFY='["shipment", "promise"]',
    )

    seen = shown(settings)
    again = read_settings({name: value for name, value in seen.items() if value not in ("", "not set")})

    assert seen["STREAMS_INVENTORY__UNITS"] == '{"EA": "1", "BOX": "12.5"}'
    assert seen["STREAMS_INVENTORY__COUNT_WIP"] == "true"
    assert again.model_dump() == settings.model_dump()


def test_a_wrong_secret_is_not_shown_in_the_error(toml: Callable[[str], str]) -> None:
    line = refusal({"STREAMS_CONFIG": toml(TOML + f'[web]\ntoken = ["{CANARY}"]\n')})

    assert line.startswith("STREAMS_WEB__TOKEN: ")
    assert CANARY not in line


def test_every_setting_is_shown_by_its_name_and_of_a_secret_only_whether_it_is_set() -> None:
    found = shown(read(WEB__TOKEN=CANARY, INVENTORY__BUFFER="2.5"))

    assert found["STREAMS_WEB__TOKEN"] == "set"
    assert found["STREAMS_WEB__READ_TOKEN"] == "not set"
    assert (found["STREAMS_INVENTORY__BUFFER"], found["STREAMS_WORKER_ID"]) == ("2.5", "")
    assert found.keys() == {f"STREAMS_{path}" for path, _ in known_names(Settings)}


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def test_every_setting_says_what_it_is_for() -> None:
    undescribed = [path for path, field in known_names(Settings) if not field.description]

    assert undescribed == []


def test_every_name_that_the_design_promises_exists() -> None:
    promised = """KAFKA__BOOTSTRAP_SERVERS KAFKA__SECURITY_PROTOCOL SCHEMA_REGISTRY__URL DATA_DIR APP_ID
        KAFKA__SESSION_TIMEOUT_S WEB__HOST WEB__PORT WEB__TOKEN WEB__READ_TOKEN WEB__REVEAL_TOKEN WEB__ALERTMANAGER_URL
        INVENTORY__LOCATIONS INVENTORY__WINDOW_MS INVENTORY__BUFFER INVENTORY__ASSUME_ZERO_BASE"""

    assert set(promised.split()) <= {path for path, _ in known_names(Settings)}


def test_unknown_names_are_errors_in_every_model_of_the_tree() -> None:
    def models(model: type[BaseModel]) -> set[type[BaseModel]]:
        inner = [field.annotation for field in model.model_fields.values()]
        found = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
        return {model, *(deeper for one in found for deeper in models(one))}

    loose: list[Any] = [one for one in models(Settings) if one.model_config.get("extra") != "forbid"]
    assert loose == []


# ── what would do harm later, or nothing at all ─────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["APP_ID__X", "WEB__PORT__OLD", "INVENTORY__BUFFER__MAIN"])
def test_a_name_below_a_plain_setting_is_an_error(name: str) -> None:
    assert "no such setting" in wrong(**{name: "1"})


def test_entries_of_a_table_are_not_given_by_name_because_names_have_no_case() -> None:
    line = wrong(INVENTORY__LOCATIONS__WH1="main")

    assert line == (
        "STREAMS_INVENTORY__LOCATIONS__WH1: no such setting; "
        "entries are written as JSON in STREAMS_INVENTORY__LOCATIONS"
    )


@pytest.mark.parametrize("name", ["SCHEMA_REGISTRY__URL", "WEB__ADVERTISED_URL", "WEB__ALERTMANAGER_URL"])
@pytest.mark.parametrize(
    ("url", "what"),
    [
        (f"http://user:{CANARY}@r:8081", "must not hold a user name or password"),
        (f"https://r:8081?token={CANARY}", "must not have a query or fragment"),
        (f"http://user:{CANARY}", "must have a port from 1 to 65535, or none"),
        ("http://r:0", "must have a port from 1 to 65535, or none (found: 'http://r:0')"),
        ("r:8081", "must start with https:// (or http://)"),
    ],
)
def test_an_address_holds_no_secret_and_is_one(name: str, url: str, what: str) -> None:
    line = wrong(**{name: url})

    assert line.startswith(f"STREAMS_{name}: {what}")
    assert CANARY not in line


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "streams.toml").write_bytes(b"\xff\xfe")

    assert refusal({"STREAMS_CONFIG": str(tmp_path / "streams.toml")}).startswith("STREAMS_CONFIG")


@pytest.mark.parametrize(
    "brokers", ["", " ", ",", "k:9092,", "k", "k:", "k:0", "k:70000", "k:http", "kafka://k:9092", f"u:{CANARY}@k:9092"]
)
def test_brokers_that_nobody_could_reach_are_refused(brokers: str) -> None:
    line = refusal({**LEAST, "STREAMS_KAFKA__BOOTSTRAP_SERVERS": brokers})

    assert line.startswith("STREAMS_KAFKA__BOOTSTRAP_SERVERS: must be host:port, several separated by commas")
    assert CANARY not in line


def test_brokers_may_stand_apart_and_have_numbers_for_names() -> None:
    servers = read_settings({**LEAST, "STREAMS_KAFKA__BOOTSTRAP_SERVERS": "kafka_1:9092, 10.0.0.1:1 ,[::1]:65535"})

    assert servers.kafka.bootstrap_servers == "kafka_1:9092,10.0.0.1:1,[::1]:65535"


@pytest.mark.parametrize("zone", ["Mars/Phobos", "Europe", "", "../etc", "/etc/localtime"])
def test_a_time_zone_that_nobody_knows_is_named(zone: str) -> None:
    assert wrong(WEB__TIME_ZONE=zone).startswith("STREAMS_WEB__TIME_ZONE: no such time zone")


@pytest.mark.parametrize(
    "name", ["INVENTORY__BASE_ALERT_S", "INVENTORY__HOLD_LIMIT_S", "INVENTORY__CHECK_EVERY_S", "SINKS__CALLS_PER_S"]
)
def test_a_number_without_end_is_refused(name: str) -> None:
    assert wrong(**{name: "inf"}).startswith(f"STREAMS_{name}: Input should be a finite number")


def test_a_key_that_stands_twice_is_refused_because_one_of_both_would_be_lost() -> None:
    line = wrong(INVENTORY__LOCATIONS='{"W1": "main", "W1": "south"}')

    assert line == "STREAMS_INVENTORY__LOCATIONS: not valid JSON: the key 'W1' stands twice"


def test_a_group_that_is_no_table_in_the_file_is_refused_also_where_the_environment_sets_its_names(
    toml: Callable[[str], str],
) -> None:
    line = refusal({"STREAMS_CONFIG": toml("web = 5\n" + TOML), "STREAMS_WEB__PORT": "7000"})

    assert line == "STREAMS_WEB: must be a table in the file, not a plain value"


def test_a_name_in_capitals_in_the_file_is_told_how_it_is_written(toml: Callable[[str], str]) -> None:
    line = refusal({"STREAMS_CONFIG": toml(TOML + "[inventory]\nBUFFER = 5\n")})

    assert line == "STREAMS_INVENTORY__BUFFER: no such setting; in the file names are written in lower case"


def test_a_mistake_is_one_line_whatever_its_name_holds() -> None:
    assert "UNITS__A B: " in wrong(INVENTORY__UNITS='{"a\\nb": -1}')


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("group", ["SCHEMA_REGISTRY", "TRACES"])
def test_plain_http_beyond_this_machine_is_refused_unless_a_setting_allows_it(group: str) -> None:
    url = {f"{group}__URL": "http://elsewhere.example:8081"}

    line = wrong(**url)

    assert line.startswith(f"STREAMS_{group}: url must start with https://")
    assert "plain_http=true" in line
    assert getattr(read(**url, **{f"{group}__PLAIN_HTTP": "true"}), group.lower()).plain_http
    assert not getattr(read(**{f"{group}__URL": "http://127.0.0.1:8081"}), group.lower()).plain_http
