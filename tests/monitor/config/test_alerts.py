"""The section `alerts`: who is told, and how its secrets stay secret."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from monitor.alert.settings import AlertSettings, Digest, Quiet, Recipient
from monitor.config import ConfigError, load
from monitor.model import Tier, Topic

TARGETS = Path(__file__).parents[2] / "targets"
FILE = """
targets: [{{id: a, urls: [http://a/]}}]
alerts: {{recipients: [{{name: desk, to: [{{channel: file, to: x, {}}}]}}]}}
"""


def written(folder: Path, secret: str) -> Path:
    """A configuration with one address that has a secret."""
    path = folder / "targets.yaml"
    path.write_text(FILE.format(secret), encoding="utf-8")
    return path


def test_every_key_arrives():
    """What the file says of recipients is what the program is wired from."""
    alerts = load(TARGETS / "valid-everything.yaml").alerts
    desk, editor = alerts.recipients

    assert (alerts.page, alerts.allow, alerts.attempts) == ("https://canary.example/", frozenset({"localhost"}), 5)
    assert (alerts.wait, alerts.updates, alerts.coverage) == (timedelta(minutes=3), timedelta(hours=2), 10)
    assert desk.quiet == Quiet(begins=time(22), ends=time(7, 30), wake=Tier.CONFIRMED)
    assert desk.digest == Digest(weekly=True, at=time(9))
    assert [address.name for address in desk.addresses] == ["file", "second"]
    assert desk.wants[0].topics == {Topic.BLOCKING, Topic.TERM}
    assert (desk.language, desk.escalate_to, desk.public, desk.link, desk.cap) == ("ky", "editor", True, True, 3)
    assert editor.wants == ()


def test_without_the_section_nobody_is_told():
    """The shipped file tells nobody; a recipient without habits has the documented ones."""
    assert load(TARGETS / "valid-smallest.yaml").alerts == AlertSettings()
    assert Recipient(name="x", addresses=()).wants[0].from_networks == 2


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path):
    """Neither the settings' text nor any message holds it."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n", encoding="utf-8")
    secret.chmod(0o600)
    settings = load(written(tmp_path, "secret_file: secret"))

    assert settings.alerts.recipients[0].addresses[0].secret == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_secret_is_read_from_the_environment(tmp_path, monkeypatch):
    """The variable's name stands in the file, its value does not."""
    monkeypatch.setenv("DESK_SECRET", "hunter2")

    assert load(written(tmp_path, "secret_env: DESK_SECRET")).alerts.recipients[0].addresses[0].secret == "hunter2"


@pytest.mark.parametrize(
    ("secret", "mode", "said"),
    [
        ("hunter2", 0o644, "can be read by other users"),
        ("", 0o600, "holds no secret"),
        ("x" * 20_000, 0o600, "holds no secret"),
        (None, 0o600, "cannot be read (No such file or directory)"),
    ],
)
def test_a_secret_that_is_not_one_is_told_of_and_not_shown(tmp_path, secret, mode, said):
    """One line that says which file, and nothing of what is in it."""
    if secret is not None:
        (tmp_path / "secret").write_text(secret, encoding="utf-8")
        (tmp_path / "secret").chmod(mode)
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, "secret_file: secret"))

    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_variable_that_is_not_set_is_told_of(tmp_path):
    """The message names it."""
    with pytest.raises(ConfigError, match="the variable NOWHERE is not set"):
        load(written(tmp_path, "secret_env: NOWHERE"))
