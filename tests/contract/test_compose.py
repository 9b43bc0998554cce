"""What can be known of docker-compose.yml without Docker: its form, and that its parts fit each other and our code."""

import json
import re
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import connectors.adobe_commerce.settings
import simulators.adobe_commerce.settings
from simulators.adobe_commerce import server as adobe_commerce
from simulators.adobe_commerce.state import default_seed
from simulators.local_stack.locked_files import KAFKA, REGISTRY
from simulators.wms import __main__ as wms
from simulators.wms.model import WAREHOUSES
from streams.app.poll_choice import chosen
from streams.settings import read_connector, read_settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
OTHERS = {name: service for name, service in SERVICES.items() if "build" not in service}
ONE_SHOT = {
    target
    for service in SERVICES.values()
    for target, rule in service.get("depends_on", {}).items()
    if rule["condition"] == "service_completed_successfully"
}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")

each_service = pytest.mark.parametrize("name", SERVICES)


def environment(name: str) -> dict[str, str]:
    """As Docker would set it where .env gives a token and nothing else."""
    return {key: VARIABLE.sub(_default, str(value)) for key, value in SERVICES[name].get("environment", {}).items()}


def _default(found: re.Match[str]) -> str:
    return found["text"] if found["kind"] == "-" else "a long random text"


def test_the_file_has_the_form_that_compose_reads() -> None:
    schema = json.loads((ROOT / "tests" / "contract" / "schemas" / "compose-spec.json").read_text())

    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(COMPOSE)] == []


@each_service
def test_a_service_waits_only_for_what_exists_and_can_get_there(name: str) -> None:
    for target, rule in SERVICES[name].get("depends_on", {}).items():
        assert target in SERVICES
        if rule["condition"] == "service_healthy":
            assert "test" in SERVICES[target]["healthcheck"]
        else:
            assert rule["condition"] == "service_completed_successfully"
            assert SERVICES[target]["restart"] == "no"


@each_service
def test_every_service_says_how_its_health_is_asked(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    if name in ONE_SHOT:
        assert check == {"disable": True}
    else:
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries"} <= set(check)


@each_service
def test_ports_are_published_on_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_no_two_services_want_the_same_port_of_the_machine() -> None:
    published = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]
    fixed = [port for port in published if port]

    assert len(set(fixed)) == len(fixed)


@pytest.mark.parametrize("name", OTHERS)
def test_images_of_others_are_pinned_to_one_version(name: str) -> None:
    _, _, tag = OTHERS[name]["image"].rpartition(":")

    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)


def test_docker_runs_the_versions_that_the_local_stack_runs() -> None:
    (registry,) = REGISTRY.files
    versions = {file.artifact: file.version for file in KAFKA.files}

    assert SERVICES["kafka"]["image"] == f"apache/kafka:{versions['kafka_2.13']}"
    assert SERVICES["registry"]["image"] == f"apicurio/apicurio-registry:{registry.version}"


@each_service
def test_no_service_asks_for_more_rights_than_its_image_gives(name: str) -> None:
    asked = set(SERVICES[name])

    assert not asked & {"user", "privileged", "cap_add", "pid", "network_mode", "devices", "ipc"}
    assert not [volume for volume in SERVICES[name].get("volumes", []) if "docker.sock" in volume]


@pytest.mark.parametrize("name", OURS)
def test_our_own_services_can_change_nothing_but_their_data(name: str) -> None:
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_workers_can_be_multiplied() -> None:
    worker = SERVICES["worker"]

    assert "container_name" not in worker
    assert [port.split(":")[1] for port in worker["ports"]] == [""]
    assert all(":" not in volume for volume in worker["volumes"]), "copies must not share a data directory"
    assert "STREAMS_WEB__ADVERTISED_URL" in worker["command"][-1]


@each_service
def test_a_secret_comes_from_outside_or_opens_a_simulator_alone(name: str) -> None:
    simulated = simulators.adobe_commerce.settings.Settings().password

    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(key):
            found = VARIABLE.fullmatch(str(value))
            assert found, f"{key} must come from the environment"
            assert found["kind"] == "?" or found["text"] == simulated


def test_the_worker_accepts_its_settings() -> None:
    settings = read_settings(environment("worker"))
    shop = read_connector(
        connectors.adobe_commerce.settings.Settings, "adobe_commerce", settings.connectors["adobe_commerce"]
    )

    assert settings.web.host == "0.0.0.0"
    assert settings.web.token
    assert settings.schema_registry.url.endswith("/apis/ccompat/v7")
    assert str(shop.base_url) == "http://adobe-commerce:8091"


def test_the_worker_signs_in_to_the_simulated_shop() -> None:
    simulated = simulators.adobe_commerce.settings.Settings()
    prefix = "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__"
    given = environment("worker")

    assert (given[f"{prefix}KIND"], given[f"{prefix}USERNAME"]) == ("token", simulated.username)
    assert given[f"{prefix}PASSWORD"] == simulated.password


def test_the_poll_accepts_its_settings_and_its_probe_is_asked_where_it_listens() -> None:
    settings = read_settings(environment("poll"))
    config = yaml.safe_load((ROOT / "ops" / "compose" / "prometheus.yml").read_text())
    (job,) = [one for one in config["scrape_configs"] if one["job_name"] == "poll"]

    assert list(chosen(settings, ())) == ["commerce-orders"]
    assert (settings.poll.host, settings.poll.port) == ("0.0.0.0", 6068)
    assert f"'127.0.0.1', {settings.poll.port}" in SERVICES["poll"]["healthcheck"]["test"][-1]
    assert job["static_configs"] == [{"targets": [f"poll:{settings.poll.port}"]}]


def test_the_setup_accepts_its_settings() -> None:
    settings = read_settings(environment("setup"))

    assert settings.kafka.bootstrap_servers == "kafka:19092"


def test_every_simulated_location_belongs_to_a_source_of_the_simulated_shop() -> None:
    locations = json.loads(environment("worker")["STREAMS_INVENTORY__LOCATIONS"])

    assert set(locations) == {warehouse.code for warehouse in WAREHOUSES}
    assert set(locations.values()) <= {source.source_code for source in default_seed().sources}


def test_schema_ids_live_as_long_as_the_topics_that_use_them() -> None:
    given = environment("registry")

    assert given["APICURIO_STORAGE_KIND"] == "kafkasql"
    assert given["APICURIO_RULES_GLOBAL_COMPATIBILITY"] == "BACKWARD"
    assert SERVICES["kafka"]["volumes"] == ["kafka-data:/var/lib/kafka/data"]


@each_service
def test_volumes_and_mounted_folders_exist(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, separator, _ = volume.partition(":")
        if separator:
            assert (ROOT / source).is_dir() if source.startswith(".") else source in COMPOSE["volumes"]


def test_prometheus_finds_every_copy_of_the_worker() -> None:
    config = yaml.safe_load((ROOT / "ops" / "compose" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    (search,) = jobs["commerce-streams"]["dns_sd_configs"]

    assert search["names"] == ["worker"]
    assert search["port"] == int(environment("worker")["STREAMS_WEB__PORT"])
    assert "--config.file=/ops/compose/prometheus.yml" in SERVICES["prometheus"]["command"]


def test_prometheus_tells_the_alertmanager_of_this_file_and_the_pages_lead_there() -> None:
    config = yaml.safe_load((ROOT / "ops" / "compose" / "prometheus.yml").read_text())
    (manager,) = config["alerting"]["alertmanagers"]
    (port,) = SERVICES["alertmanager"]["ports"]

    assert manager["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert environment("worker")["STREAMS_WEB__ALERTMANAGER_URL"] == f"http://{port.rpartition(':')[0]}"
    assert environment("worker")["STREAMS_WEB__PROMETHEUS_URL"] == "http://prometheus:9090"
    assert "--config.file=/ops/alertmanager/alertmanager.yml" in SERVICES["alertmanager"]["command"]
    assert (ROOT / "ops" / "alertmanager" / "alertmanager.yml").exists()


def test_grafana_reads_the_prometheus_of_this_file() -> None:
    folder = ROOT / "ops" / "compose" / "grafana"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "commerce-streams.yml").read_text())["providers"]

    assert source["url"] == "http://prometheus:9090"
    assert provider["options"]["path"] == "/ops/grafana/dashboards"
    assert environment("grafana")["GF_PATHS_PROVISIONING"] == "/ops/compose/grafana"


def test_nobody_can_sign_in_to_grafana_with_a_known_password() -> None:
    given = environment("grafana")

    assert given["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert given["GF_AUTH_BASIC_ENABLED"] == "false"
    assert given["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


@pytest.mark.parametrize(("name", "parser"), [("wms", wms.parser()), ("adobe-commerce", adobe_commerce._parser())])
def test_a_simulator_understands_its_command_and_can_be_reached(name: str, parser: ArgumentParser) -> None:
    program, simulate, called, *arguments = SERVICES[name]["command"]
    chosen = parser.parse_args(arguments)

    assert (program, simulate, called) == ("commerce-streams", "simulate", name)
    assert chosen.host == "0.0.0.0"
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{chosen.port}:{chosen.port}"]
    assert f"'127.0.0.1', {chosen.port}" in SERVICES[name]["healthcheck"]["test"][-1]


def test_commands_of_our_services_are_those_of_the_project() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    for service in OURS.values():
        if command := service.get("command"):
            assert set(re.findall(r"commerce-streams", " ".join(command))) == set(scripts)
