"""Promises of the compose files, read from their text."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

FILES = ["docker-compose.yml", "docker-compose.local.yml"]
OWN = {"exporter", "dashboard", "local"}


@pytest.fixture(params=FILES)
def compose(request: pytest.FixtureRequest, repository: Path) -> dict[str, Any]:
    """One compose file as a tree, its YAML anchors resolved and its variables as they stand."""
    tree = yaml.safe_load((repository / request.param).read_text())
    assert isinstance(tree, dict)
    return tree


def own(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run this repository's images."""
    return {name: one for name, one in compose["services"].items() if one["image"].startswith("dynamodb-reporting/")}


@pytest.mark.parametrize("name", FILES)
def test_a_compose_tool_reads_it(repository: Path, tmp_path: Path, name: str) -> None:
    """A compose implementation accepts the file and resolves its variables, where no container engine is installed."""
    tool = Path(sys.executable).parent / "podman-compose"
    # It asks its engine for a version before it reads a file, and runs nothing for `config`.
    engine = tmp_path / "podman"
    engine.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "podman version 5.0.0"\n')
    engine.chmod(0o755)
    done = subprocess.run(
        [tool, "--podman-path", engine, "-f", repository / name, "config"],
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)
    assert shown["services"]["dashboard"]["image"] == "dynamodb-reporting/dashboard:dev"
    assert "${" not in done.stdout


def test_every_image_names_its_version(compose: dict[str, Any]) -> None:
    """No image floats: each has a tag that is not `latest`, others' images an exact one, ours the build's."""
    for service in compose["services"].values():
        image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", service["image"])
        tag = image.rpartition(":")[2]
        assert re.fullmatch(r"\d+\.\d+\.\d+|dev", tag), image


def test_local_file_has_no_image_of_others(repository: Path) -> None:
    """The second file runs where nothing but this repository's images can be had."""
    tree = yaml.safe_load((repository / "docker-compose.local.yml").read_text())
    assert own(tree) == tree["services"]


def test_ports_are_published_on_loopback_alone(compose: dict[str, Any]) -> None:
    """Nothing is reachable from another machine: neither pages without sign-in nor a stand-in without credentials."""
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "127.0.0.1:${DASHBOARD_PORT:-8501}:8501" in compose["services"]["dashboard"]["ports"]


def test_our_containers_may_do_nothing_special(compose: dict[str, Any]) -> None:
    """Our containers have a read-only root and no capability, and none gets the engine's socket or a host folder."""
    for name, service in own(compose).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["tmpfs"] == ["/tmp"], name  # noqa: S108 - in the container
        assert not {"privileged", "cap_add", "user", "network_mode", "pid"} & set(service), name
        assert all(not volume.startswith((".", "/", "~")) for volume in service.get("volumes", [])), name


def test_credentials_are_for_stand_ins(compose: dict[str, Any]) -> None:
    """The only credentials are words that no account accepts, and every endpoint is a service of the file."""
    for name, service in compose["services"].items():
        environment = service.get("environment", {})
        secrets = {variable: value for variable, value in environment.items() if re.search("KEY|SECRET|PASS", variable)}
        assert set(secrets.values()) <= {"test"}, name
        for variable, value in environment.items():
            if variable.startswith("AWS_ENDPOINT_URL"):
                assert value.removeprefix("http://").removesuffix(":4566") in compose["services"], variable


def test_every_program_has_the_same_endpoints(compose: dict[str, Any]) -> None:
    """Sample, exporter, schedule and dashboard talk to the same services about the same dataset and bucket."""
    shared = [
        {
            name: value
            for name, value in service["environment"].items()
            if name.startswith(("AWS_", "S3_B", "DATA", "ATH"))
        }
        for name, service in own(compose).items()
        if name in {"prepare", "exporter", "schedule", "dashboard"}
    ]
    assert len(shared) == 4
    assert all(one == shared[0] for one in shared)


def test_services_start_in_the_order_of_the_data(compose: dict[str, Any]) -> None:
    """Nothing starts before what it reads is healthy, or complete where it runs once."""
    services = compose["services"]
    once = {"prepare", "exporter"}
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in once else "service_healthy"
            assert how == {"condition": wanted}, f"{name} on {needed}"
    assert "exporter" in services["dashboard"]["depends_on"]
    assert "exporter" in services["schedule"]["depends_on"]
    assert "prepare" in services["exporter"]["depends_on"]


def test_schedule_runs_the_export_every_quarter_of_an_hour(compose: dict[str, Any]) -> None:
    """The schedule starts the exporter every 15 minutes by default, with a range that a schedule has."""
    service = compose["services"]["schedule"]
    command = ["schedule", "--every", "${EXPORT_EVERY:-15m}", "--", "python", "-m", "exporter", "export"]
    assert service["command"] == command
    assert service["environment"]["DATE_RANGE_MODE"] == "LAST_N_HOURS"


def test_links_open_in_the_browser(compose: dict[str, Any]) -> None:
    """Presigned links carry the address under which the browser, outside the containers' network, reaches S3."""
    assert compose["services"]["dashboard"]["environment"]["S3_PUBLIC_ENDPOINT_URL"] == (
        "http://localhost:${S3_PORT:-4566}"
    )
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert "127.0.0.1:${S3_PORT:-4566}:4566" in ports


def test_only_the_local_file_keeps_data(repository: Path) -> None:
    """LocalStack's free image keeps nothing, so the first file promises nothing; the second has a volume."""
    first, second = (yaml.safe_load((repository / name).read_text()) for name in FILES)
    assert "volumes" not in first
    assert list(second["volumes"]) == ["data"]
    assert second["services"]["aws"]["volumes"] == ["data:/opt/data"]
    assert second["services"]["aws"]["command"][-2:] == ["--data-dir", "/opt/data"]
