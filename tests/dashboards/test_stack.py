"""What stands around the monitor: Alertmanager takes the example, and compose.yaml says what it should."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from monitor.config.settings import WebSettings
from monitor.metrics.stack import ADDRESS, compose

FOLDER = Path(__file__).parents[2] / "dashboards"
SERVICES: dict[str, Any] = dict(compose()["services"])


def _amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not installed (Debian: apt-get install prometheus-alertmanager)")
    return subprocess.run([amtool, *arguments], capture_output=True, text=True, check=False)


def test_amtool_accepts_the_example() -> None:
    """`amtool check-config` finds nothing wrong."""
    done = _amtool("check-config", str(FOLDER / "alertmanager" / "alertmanager.yml"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 inhibit rules" in done.stdout


@pytest.mark.parametrize(("severity", "receiver"), [("critical", "team"), ("warning", "team"), ("info", "nobody")])
def test_alerts_are_routed_by_severity(severity: str, receiver: str) -> None:
    """What is only suspected wakes nobody; everything else reaches the team."""
    file = f"--config.file={FOLDER / 'alertmanager' / 'alertmanager.yml'}"
    done = _amtool("config", "routes", "test", file, f"severity={severity}", "target=kloop")

    assert done.stdout.strip() == receiver, done.stderr


def test_compose_follows_the_specification() -> None:
    """A strict parser of the compose specification takes the file, and refuses it with a key that does not exist."""
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")

    assert compose_spec.PyCompose.from_yaml(text).service_names() == list(SERVICES)
    with pytest.raises(ValueError, match="networkmode"):
        compose_spec.PyCompose.from_yaml(text.replace("network_mode", "networkmode"))


def test_what_compose_refers_to_exists() -> None:
    """Folders and files that are mounted stand in the repository, volumes and services are declared."""
    declared = set(compose()["volumes"])
    for name, service in SERVICES.items():
        for source in (volume.split(":")[0] for volume in service["volumes"]):
            assert source in declared if not source.startswith(".") else (FOLDER / source).exists(), (name, source)
        if "network_mode" in service:
            assert service["network_mode"].removeprefix("service:") in SERVICES
        assert set(service.get("depends_on", ())) <= set(SERVICES)


def test_nothing_is_published_beyond_this_machine() -> None:
    """Every port is bound to loopback, no container has capabilities, and no image is `latest`."""
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert service["cap_drop"] == ["ALL"]
        assert ":" in service.get("image", "built:here")
        assert not service.get("image", "").endswith(":latest")


def test_one_namespace_makes_one_set_of_files() -> None:
    """Parts find each other at the loopback addresses of the shipped files, so the same ports are published."""
    published = {port.rsplit(":", 1)[1] for port in SERVICES["presscanary"]["ports"]}
    config = yaml.safe_load((FOLDER / "prometheus" / "prometheus.yml").read_text())
    (found,) = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]

    assert f"{WebSettings().host}:{WebSettings().port}" == ADDRESS
    assert {ADDRESS.rsplit(":")[1], found.rsplit(":")[1]} <= published
