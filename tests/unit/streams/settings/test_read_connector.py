"""A connector's settings: read like all others, named like all others, its credential never shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.adobe_commerce.settings import ImsSettings, OAuth1Settings, Settings, TokenSettings
from streams.settings import SettingsError, read_connector, read_settings
from tests.unit.streams.settings.private import private
from tests.unit.streams.settings.test_read_settings import CANARY, LEAST, TOML

PREFIX = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
TOKEN = {"AUTH__KIND": "token", "AUTH__USERNAME": "admin", "AUTH__PASSWORD": CANARY}
SHOP = {"BASE_URL": "https://shop.example", **TOKEN}


def shop(given: dict[str, str], file: str = "") -> Settings:
    """These names below PREFIX, over a file."""
    environ = LEAST | {PREFIX + name: value for name, value in given.items()}
    settings = read_settings(environ | ({"STREAMS_CONFIG": file} if file else {}))
    return read_connector(Settings, "adobe_commerce", settings.connectors.get("adobe_commerce", {}))


def wrong(given: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        shop(given)
    assert CANARY not in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def without(name: str) -> dict[str, str]:
    return {known: value for known, value in SHOP.items() if known != name}


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        private(tmp_path / "streams.toml", TOML + text)
        return str(tmp_path / "streams.toml")

    return write


def test_a_shop_with_a_token_is_read_from_the_environment() -> None:
    found = shop({**SHOP, "TIMEOUT_S": "5", "SETTLE_S": "90", "SINGLE_STOCK": "true", "ROWS_PER_CALL": "20"})

    assert (found.base_url, found.timeout_s, found.settle_s) == ("https://shop.example", 5, 90)
    assert (found.single_stock, found.rows_per_call) == (True, 20)
    assert isinstance(found.auth, TokenSettings)
    assert found.auth.password.get_secret_value() == CANARY


def test_each_kind_of_credential_has_names_of_its_own() -> None:
    oauth = {
        f"AUTH__{name}": "x" for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
    }
    ims = {f"AUTH__{name}": "x" for name in ("CLIENT_ID", "CLIENT_SECRET", "ORG_ID")}
    base = {"BASE_URL": "https://shop.example"}

    assert isinstance(shop({**base, "AUTH__KIND": "oauth1", **oauth}).auth, OAuth1Settings)
    assert isinstance(shop({**base, "AUTH__KIND": "ims", **ims}).auth, ImsSettings)


def test_a_credential_can_stand_in_a_file(tmp_path: Path) -> None:
    private(tmp_path / "password", f"{CANARY}\n")

    found = shop({**without("AUTH__PASSWORD"), "AUTH__PASSWORD_FILE": str(tmp_path / "password")})

    assert isinstance(found.auth, TokenSettings)
    assert found.auth.password.get_secret_value() == CANARY


def test_the_environment_wins_over_the_file(toml: Callable[[str], str]) -> None:
    text = """
        [connectors.adobe_commerce]
        base_url = "https://file.example"
        timeout_s = 7
        [connectors.adobe_commerce.auth]
        kind = "token"
        username = "from-file"
    """

    found = shop({"BASE_URL": "https://env.example", "AUTH__PASSWORD": CANARY}, toml(text))

    assert (found.base_url, found.timeout_s) == ("https://env.example", 7)
    assert isinstance(found.auth, TokenSettings)
    assert found.auth.username == "from-file"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (without("BASE_URL"), "BASE_URL: is not set"),
        (
            {**SHOP, "TIMOUT_S": "5"},
            "TIMOUT_S: no such setting; did you mean STREAMS_CONNECTORS__ADOBE_COMMERCE__TIMEOUT_S",
        ),
        ({**SHOP, "AUTH__PASSWRD": CANARY}, "AUTH__PASSWRD: no such setting; did you mean"),
        ({**SHOP, "TIMEOUT_S": "soon"}, "TIMEOUT_S: Input should be a valid number"),
        ({**SHOP, "TIMEOUT_S": "0"}, "TIMEOUT_S: Input should be greater than 0 (found: '0')"),
        ({**SHOP, "ROWS_PER_CALL": "5001"}, "ROWS_PER_CALL: Input should be less than or equal to 5000"),
        ({**SHOP, "BASE_URL": "shop.example"}, "BASE_URL: must start with https://"),
        ({**SHOP, "STORE": "a b"}, "STORE: String should match pattern"),
    ],
)
def test_a_mistake_is_named_with_its_full_name(given: dict[str, str], line: str) -> None:
    assert wrong(given).startswith(PREFIX + line)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BASE_URL": "https://shop.example"}, "auth.kind is missing or unknown; allowed: ims, oauth1, token"),
        ({**SHOP, "AUTH__KIND": "basic"}, "auth.kind is missing or unknown; allowed: ims, oauth1, token"),
        (without("AUTH__PASSWORD"), "missing: auth.password"),
        ({**SHOP, "AUTH__PASSWORD": ""}, "missing: auth.password"),
        ({**SHOP, "AUTH__CONSUMER_KEY": CANARY}, "not allowed: auth.consumer_key"),
        ({**SHOP, "BASE_URL": "https://shop.example/rest/V1"}, "base_url ends before /rest"),
        ({**SHOP, "DEPLOYMENT": "saas"}, "deployment saas needs tenant"),
    ],
)
def test_a_credential_or_address_that_does_not_fit_says_what_does(given: dict[str, str], said: str) -> None:
    line = wrong(given)

    assert line.startswith("STREAMS_CONNECTORS__ADOBE_COMMERCE: ")
    assert said in line


def test_a_credential_is_never_shown() -> None:
    found = shop({**SHOP, "PROXY": f"http://user:{CANARY}@proxy"})

    assert CANARY not in repr(found)
    assert CANARY not in found.model_dump_json()


# ── what would do harm later, or nothing at all ─────────────────────────────────────────────────────


def test_a_password_in_the_address_is_refused_without_showing_it() -> None:
    assert "must not hold a user name or password" in wrong({**SHOP, "BASE_URL": f"https://u:{CANARY}@shop.example"})


def test_a_file_can_hold_numbers_below_the_credential(toml: Callable[[str], str]) -> None:
    text = '[connectors.adobe_commerce.auth]\nkind = "token"\nusername = "u"\npassword = "p"\nlife_s = 600\n'

    found = shop({"BASE_URL": "https://shop.example"}, toml(text))

    assert isinstance(found.auth, TokenSettings)
    assert found.auth.life_s == 600


def test_a_mistake_below_the_credential_is_named_as_it_is_written() -> None:
    assert wrong({**SHOP, "AUTH__LIFE_S": "-5"}).startswith(f"{PREFIX}AUTH__LIFE_S: ")


def test_settings_of_a_connector_that_nobody_knows_are_an_error() -> None:
    with pytest.raises(SettingsError, match="ADOBE_COMERCE"):
        read_settings({**LEAST, "STREAMS_CONNECTORS__ADOBE_COMERCE__TIMEOUT_S": "5"})


def test_a_connector_is_no_value() -> None:
    with pytest.raises(SettingsError, match=r"^STREAMS_CONNECTORS__ADOBE_COMMERCE: no such setting") as refused:
        read_settings({**LEAST, "STREAMS_CONNECTORS__ADOBE_COMMERCE": CANARY})
    assert CANARY not in str(refused.value)


def test_a_branch_that_is_also_a_value_is_an_error() -> None:
    assert wrong({**SHOP, "AUTH": "x"}).startswith(f"{PREFIX}AUTH: no such setting")


def test_a_value_that_is_also_a_branch_is_an_error() -> None:
    assert wrong({"AUTH": "x", **SHOP}).startswith(f"{PREFIX}AUTH: no such setting")
    assert wrong({"TIMEOUT_S__X": "1", "TIMEOUT_S": "5", **SHOP}).startswith(f"{PREFIX}TIMEOUT_S__X: no such setting")


def test_a_plain_value_of_the_file_is_no_group(toml: Callable[[str], str]) -> None:
    with pytest.raises(SettingsError, match="AUTH: must be a table in the file, not a plain value"):
        shop(SHOP, toml("[connectors.adobe_commerce]\nauth = 5\n"))


def test_a_name_of_the_environment_wins_over_a_number_below_a_table_of_the_file(toml: Callable[[str], str]) -> None:
    found = shop({**SHOP, "AUTH__LIFE_S": "60"}, toml("[connectors.adobe_commerce.auth]\nlife_s = 600\n"))

    assert isinstance(found.auth, TokenSettings)
    assert found.auth.life_s == 60


def test_an_empty_table_that_nobody_knows_is_an_error(toml: Callable[[str], str]) -> None:
    with pytest.raises(SettingsError, match="ADOBE_COMMERCE__POOL: no such setting"):
        shop(SHOP, toml("[connectors.adobe_commerce.pool]\n"))


def test_the_address_of_a_proxy_is_a_secret_that_can_stand_in_a_file(tmp_path: Path) -> None:
    private(tmp_path / "proxy", f"http://user:{CANARY}@proxy\n")

    proxy = shop({**SHOP, "PROXY_FILE": str(tmp_path / "proxy")}).proxy

    assert proxy is not None
    assert proxy.get_secret_value() == f"http://user:{CANARY}@proxy"


@pytest.mark.parametrize("text", ["connectors = 5\n", "connectors.adobe_commerce = 5\n"])
def test_a_connector_that_is_no_table_in_the_file_is_named(tmp_path: Path, text: str) -> None:
    private(tmp_path / "streams.toml", text + TOML)
    found: Any = None

    with pytest.raises(SettingsError, match="CONNECTORS"):
        found = read_settings({"STREAMS_CONFIG": str(tmp_path / "streams.toml")})
    assert found is None
