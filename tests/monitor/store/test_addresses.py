"""Where a store's servers are, without a password where others could read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import ConfigError, load
from monitor.store import Servers
from monitor.store.addresses import address, servers


def test_a_password_comes_from_a_file_or_the_environment(tmp_path):
    """Neither is an option that the engine would be given, and nothing shows the password."""
    secret = tmp_path / "password"
    secret.write_text("hush\n")
    by_file = address(f"postgresql://canary@db/press?sslmode=require&password_file={secret}", environment={})
    by_name = address("clickhouse://canary@ch/press?password_env=CH", environment={"CH": "hush"})
    assert by_file.password == by_name.password == "hush"
    assert by_file.options == {"sslmode": "require"}
    assert "hush" not in f"{by_file} {by_file!r} {by_name} {by_name!r} {Servers(folder=tmp_path, measurements=by_name)}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://db/press", "begins with postgresql://"),
        ("postgresql://db", "has the form"),
        ("postgresql:///press", "has the form"),
        ("clickhouse://db:seven/press", "no host, or host:port"),
        ("clickhouse://a,b:70000/press", "no host, or host:port"),
        ("postgresql://db/press;drop", "has the form"),
        ("clickhouse://db/press?quorum=two", "quorum=two is no number of replicas"),
        ("clickhouse://db/press?quorum=0", "quorum=0 is no number of replicas"),
        ("clickhouse://db/press?quorum=", "quorum= is no number of replicas"),
        ("postgresql://db/press?password_file=/nowhere", "cannot be read"),
        ("postgresql://db/press?password_env=NOBODY", "no environment variable NOBODY"),
    ],
)
def test_a_bad_address_says_what_is_wrong(text, message):
    """One line that names what was expected."""
    with pytest.raises(ValueError, match=message):
        address(text, environment={})


def test_the_environment_goes_before_the_file():
    """So that one file serves the laptop and the servers."""
    given = {"PRESSCANARY_MEASUREMENTS": "clickhouse://ch/press", "PRESSCANARY_STATE": "postgresql://pg/press"}
    where = servers(Path("data"), "postgresql://other/press", None, environment=given)
    assert str(where) == "clickhouse://ch:8123/press and postgresql://pg:5432/press"
    with pytest.raises(ValueError, match="needs measurements"):
        servers(Path("data"), None, "postgresql://pg/press", environment={})


def test_the_file_names_servers_and_no_password(tmp_path):
    """The two lines are taken as they are; a password in one of them is a mistake that is told without it."""
    file = tmp_path / "targets.yaml"
    text = "targets:\n- id: a\n  urls: [https://a.example/]\nstore:\n  measurements: {}\n  state: postgresql://canary@pg/press\n"
    file.write_text(text.format("clickhouse://canary@ch/press?cluster=all&password_env=CH"))
    assert load(file).measurements == "clickhouse://canary@ch/press?cluster=all&password_env=CH"
    file.write_text(text.format("clickhouse://canary:hush@ch/press"))
    with pytest.raises(ConfigError, match="a password does not belong here") as wrong:
        load(file)
    assert "hush" not in str(wrong.value)


def test_a_file_that_lets_a_server_forget_is_a_mistake(tmp_path):
    """What presscanary would not do is not taken for done; the line says where to read on."""
    file = tmp_path / "targets.yaml"
    file.write_text(
        "targets:\n- id: a\n  urls: [https://a.example/]\n"
        "store:\n  measurements: postgresql://canary@pg/press\n  raw: 365d\n  limit: 20GB\n"
    )
    with pytest.raises(ConfigError, match=r"raw and limit beside `measurements`.*docs/how-to/scale.md"):
        load(file)
