"""Files that hold secrets: open to nobody else, and read again once they were replaced."""

import os
from pathlib import Path

import pytest

from connectors.adobe_commerce.settings import Settings as ShopSettings
from connectors.rest_wms.settings import Settings as WmsSettings
from streams.settings import LiveConnector, LiveSettings, SettingsError, read_connector, read_settings
from tests.unit.streams.settings.private import private

LEAST = {"STREAMS_KAFKA__BOOTSTRAP_SERVERS": "k:9092", "STREAMS_SCHEMA_REGISTRY__URL": "https://r:8081"}
SHOP = "STREAMS_CONNECTORS__ADOBE_COMMERCE__"
CANARY = "canary-token-11"


def with_token(file: Path, **more: str) -> dict[str, str]:
    return {**LEAST, "STREAMS_WEB__TOKEN_FILE": str(file), **more}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings(environ)
    return str(refused.value)


# ── who may read them ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("readers", "mode", "said"),
    [
        ("owner", 0o400, ""),
        ("owner", 0o600, ""),
        ("owner", 0o640, "can be read by its group (mode 0640)"),
        ("owner", 0o604, "can be read by anybody (mode 0604)"),
        ("owner", 0o620, "can be changed by its group (mode 0620)"),
        ("group", 0o440, ""),
        ("group", 0o444, "can be read by anybody (mode 0444)"),
        ("group", 0o460, "can be changed by its group (mode 0460)"),
        ("all", 0o444, ""),
        ("all", 0o666, "can be changed by anybody (mode 0666)"),
    ],
)
def test_a_secret_that_others_could_read_stops_the_start_with_one_line(
    tmp_path: Path, readers: str, mode: int, said: str
) -> None:
    environ = with_token(private(tmp_path / "token", CANARY, mode), STREAMS_CREDENTIAL_FILES=readers)

    if not said:
        assert read_settings(environ).web.token is not None
        return
    line = refusal(environ)
    assert line.startswith(f"STREAMS_WEB__TOKEN_FILE: '{tmp_path}/token' {said}: give it to this user and `chmod 600`")
    assert ("STREAMS_CREDENTIAL_FILES" in line) is ("read" in said)
    assert CANARY not in line
    assert "\n" not in line


def test_without_a_word_about_it_only_the_owner_may_read_them(tmp_path: Path) -> None:
    assert "mode 0440" in refusal(with_token(private(tmp_path / "token", CANARY, 0o440)))


def test_a_word_that_nobody_knows_is_refused_and_allows_nothing(tmp_path: Path) -> None:
    assert "mode 0440" in refusal(
        with_token(private(tmp_path / "token", CANARY, 0o440), STREAMS_CREDENTIAL_FILES="everybody")
    )
    assert refusal({**LEAST, "STREAMS_CREDENTIAL_FILES": "everybody"}).startswith("STREAMS_CREDENTIAL_FILES: ")


def test_what_a_link_leads_to_is_looked_at_as_orchestrators_mount_links(tmp_path: Path) -> None:
    private(tmp_path / "data", CANARY, 0o644)
    (tmp_path / "token").symlink_to("data")

    assert "mode 0644" in refusal(with_token(tmp_path / "token"))


def test_a_file_of_settings_is_a_secret_once_it_holds_one(tmp_path: Path) -> None:
    plain = private(tmp_path / "plain.toml", '[web]\nport = 1\n[gateway.commerce_webhook]\npublic_key = ""\n', 0o644)
    inner = private(tmp_path / "inner.toml", f'[connectors.adobe_commerce.auth]\npassword = "{CANARY}"\n', 0o644)

    assert read_settings({**LEAST, "STREAMS_CONFIG": str(plain)}).web.port == 1
    assert refusal({**LEAST, "STREAMS_CONFIG": str(inner)}).startswith("STREAMS_CONFIG: ")
    assert "mode 0644" not in refusal(
        {
            **LEAST,
            "STREAMS_CONFIG": str(
                private(tmp_path / "said.toml", 'credential_files = "all"\n[web]\ntoken = 1\n', 0o644)
            ),
        }
    )


def test_the_key_of_a_certificate_is_a_secret_too(tmp_path: Path) -> None:
    key = private(tmp_path / "key.pem", CANARY, 0o644)

    assert refusal({**LEAST, "STREAMS_KAFKA__SSL_KEYFILE": str(key)}).startswith("STREAMS_KAFKA__SSL_KEYFILE: ")
    key.chmod(0o600)
    assert read_settings({**LEAST, "STREAMS_KAFKA__SSL_KEYFILE": str(key)}).kafka.ssl_keyfile == key


def test_a_file_with_nothing_in_it_is_no_secret(tmp_path: Path) -> None:
    assert refusal(with_token(private(tmp_path / "token", " \n"))).endswith("token' is empty")


# ── replaced while the process runs ──────────────────────────────────────────────────────────────


class Running:
    """A process with the operators' token and the shop's password in files."""

    def __init__(self, folder: Path) -> None:
        self.token, self.password = folder / "token", folder / "password"
        private(self.token, "token-1")
        private(self.password, "password-1")
        self.said: list[str] = []
        given = {
            f"{SHOP}BASE_URL": "https://shop.example",
            f"{SHOP}AUTH__KIND": "token",
            f"{SHOP}AUTH__USERNAME": "streams",
            f"{SHOP}AUTH__PASSWORD_FILE": str(self.password),
        }
        self.live = LiveSettings(with_token(self.token, **given), self.said.append)
        raw = self.live.at_start.connectors["adobe_commerce"]
        self.shop = LiveConnector(self.live, "adobe_commerce", read_connector(ShopSettings, "adobe_commerce", raw))

    @property
    def tokens(self) -> str:
        now = self.live.now().web.token
        return "" if now is None else now.get_secret_value()

    @property
    def shops(self) -> str:
        auth = self.shop.now().auth
        assert auth.kind == "token"
        return auth.password.get_secret_value()


def test_a_replaced_secret_is_there_at_the_next_look_and_nothing_else_moved(tmp_path: Path) -> None:
    running = Running(tmp_path)
    before = running.live.now()
    assert running.live.now() is before

    private(running.token, "token-2")
    private(running.password, "password-2")

    assert (running.tokens, running.shops) == ("token-2", "password-2")
    assert running.live.at_start.web.token != running.live.now().web.token
    assert running.live.now().kafka == before.kafka
    assert not running.said


def test_a_file_that_is_written_over_is_seen_as_well(tmp_path: Path) -> None:
    running = Running(tmp_path)

    running.token.write_text("token-3-longer")

    assert running.tokens == "token-3-longer"


def test_what_cannot_be_taken_is_said_once_and_the_one_before_stays(tmp_path: Path) -> None:
    running = Running(tmp_path)

    private(running.token, "")
    assert [running.tokens for _ in range(3)] == ["token-1"] * 3
    running.token.unlink()
    assert [running.tokens for _ in range(3)] == ["token-1"] * 3
    private(running.token, CANARY, 0o644)
    assert [running.tokens for _ in range(3)] == ["token-1"] * 3
    private(running.token, "token-4")
    assert running.tokens == "token-4"

    assert [line.partition(": ")[0] for line in running.said] == ["STREAMS_WEB__TOKEN_FILE"] * 3
    assert ["is empty" in running.said[0], "cannot read" in running.said[1], "mode 0644" in running.said[2]] == [
        True
    ] * 3
    assert CANARY not in "".join(running.said)


def test_a_connectors_secret_that_its_form_does_not_allow_is_not_taken(tmp_path: Path) -> None:
    key = private(tmp_path / "key", "token-1")
    name = "STREAMS_CONNECTORS__REST_WMS__"
    said: list[str] = []
    live = LiveSettings(
        {
            **LEAST,
            f"{name}BASE_URL": "https://w.example",
            f"{name}AUTH__KIND": "bearer",
            f"{name}AUTH__TOKEN_FILE": str(key),
        },
        said.append,
    )
    at_start = read_connector(WmsSettings, "rest_wms", live.at_start.connectors["rest_wms"])
    connector = LiveConnector(live, "rest_wms", at_start)

    private(key, "two words")

    assert connector.now() is at_start
    assert connector.now() is at_start
    assert len(said) == 1
    assert said[0].startswith("STREAMS_CONNECTORS__REST_WMS__AUTH__TOKEN")


def test_what_can_be_read_only_once_is_read_only_once(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"from-a-pipe\n")
    os.close(writing)
    token = private(tmp_path / "token", "token-1")
    live = LiveSettings(with_token(token, STREAMS_WEB__READ_TOKEN_FILE=f"/dev/fd/{reading}"), pytest.fail)
    os.close(reading)

    private(token, "token-2")

    now = live.now().web
    assert now.read_token is not None
    assert now.token is not None
    assert (now.read_token.get_secret_value(), now.token.get_secret_value()) == ("from-a-pipe", "token-2")
