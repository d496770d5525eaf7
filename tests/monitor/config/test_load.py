"""Reading targets.yaml: what a right file becomes, and what is said of every wrong one."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.app import system_network
from monitor.config import ConfigError, Problem, load
from monitor.detect.settings import DetectorSettings
from probes.model import DoHServer, Limits, Resolvers, Role
from probes.proxied import Proxy

TARGETS = Path(__file__).parents[2] / "targets"
INVALID = sorted(TARGETS.glob("invalid-*.yaml"))


def problems(path: Path) -> str:
    """Everything that is wrong with a file, without its name, one mistake a line."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return "".join(f"{str(problem).removeprefix(f'{path}:')}\n" for problem in caught.value.problems)


def tried(path: Path) -> tuple[Problem, ...] | None:
    """The mistakes in a file that may have none: then None."""
    try:
        load(path)
    except ConfigError as fault:
        return fault.problems
    return None


def test_an_unknown_parameter_of_the_detector_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    """The detector's parameters are keys like any others, however many there come to be."""
    path = tmp_path / "targets.yaml"
    path.write_text("targets: [{id: a, urls: [http://a/]}]\ndetection: {alrm: 3}\n", encoding="utf-8")

    assert problems(path).startswith("2:13: unknown key 'alrm'; expected 'alarm' perhaps, or another of ")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem.removeprefix("invalid-"))
def test_every_mistake_is_told_with_its_place(path: Path) -> None:
    """A wrong file gives exactly the messages that stand beside it, each with line and column."""
    assert problems(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_there_is_a_file_for_many_kinds_of_mistake() -> None:
    """The folder of wrong files is not empty, so the test above tests something."""
    assert len(INVALID) > 20


def test_smallest_file_gets_the_defaults() -> None:
    """Targets are all that a file needs; the rest is this machine every ten minutes, shown on loopback."""
    settings = load(TARGETS / "valid-smallest.yaml")
    assert [target.urls for target in settings.targets] == [("https://kloop.kg/",)]
    assert [
        (station.point.id, station.point.country, station.point.network) for station in settings.vantage_points
    ] == [("here", "ZZ", "AS0")]
    assert settings.schedule.interval == timedelta(minutes=10)
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8484)
    assert (settings.resolvers, settings.limits, settings.detection) == (Resolvers(), Limits(), DetectorSettings())
    assert settings.documented == ()
    assert settings.store is None


def test_every_key_arrives_in_the_settings() -> None:
    """A file with every key becomes settings with every value."""
    settings = load(TARGETS / "valid-everything.yaml")
    kloop = settings.target("kloop-ru")
    assert kloop is not None
    assert kloop.mirrors == ("https://mirror.example/",)
    assert kloop.sensitive
    office, abroad = settings.vantage_points
    assert (office.source_address, office.namespace, office.veto) == ("192.0.2.7", "uplink-2", {"kloop-ru"})
    assert abroad.interface == "wg0"
    assert abroad.point.role is Role.CONTROL
    assert settings.resolvers.doh == DoHServer(url="https://dns.example/dns-query", address="2001:db8::53")
    assert (settings.limits.dns, settings.limits.tcp, settings.limits.redirects) == (2.0, 7.0, 3)
    assert settings.limits.total == Limits().total
    ours = settings.experiments
    assert ours.echo is not None
    assert (ours.echo.addresses, ours.echo.https_port, ours.echo.http_port) == (
        ("192.0.2.8", "2001:db8::8"),
        8443,
        8080,
    )
    assert ours.echo.pin == "00aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff22aa33bb44cc55dd"
    assert (ours.innocuous_names, ours.no_dns) == (("example.org", "example.net"), ("192.0.2.99",))
    assert ours.every["throttle"] == timedelta(hours=6)
    assert ours.burst.after == (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4))
    assert (ours.burst.at_once, ours.burst.per_hour, ours.burst.rest) == (3, 6, timedelta(hours=2))
    assert (settings.detection.alarm, settings.detection.quiet) == (14, timedelta(minutes=45))
    assert settings.detection.artefact == (0.7, 0.05)
    assert settings.store == TARGETS / "data"
    assert settings.milestones[0].sources[0].url == "https://news.example/2"


def test_ways_out_of_the_machine_become_networks() -> None:
    """A namespace is entered, a proxy is dialled over the system's network, and neither is printed."""
    settings = load(TARGETS / "valid-ways.yaml")
    _, megacom, friend, abroad = settings.vantage_points
    assert (megacom.point.kind, megacom.namespace) == ("local", "megacom")
    assert friend.proxy == Proxy(speech="socks5", address="127.0.0.1", port=1080)
    proxy = Proxy(speech="http_proxy", address="2001:db8::1", port=3128, user="me", password="p:w")
    assert abroad.proxy == proxy
    assert [type(system_network(each)).__name__ for each in settings.vantage_points[1:3]] == [
        "SystemNetwork",
        "Proxied",
    ]
    assert "p:w" not in repr(settings)


def test_behind_a_proxy_only_visits_are_made() -> None:
    """What needs a resolver, UDP or the kernel's timing is never ordered there."""
    beside = list(load(TARGETS / "valid-ways.yaml").beside())
    assert {(kind, station.point.id) for kind, _, station, _ in beside} == {
        (kind, point) for kind in ("vantage_health", "availability") for point in ("here", "megacom")
    }


def test_a_claim_keeps_what_is_documented_and_becomes_an_interval_in_utc() -> None:
    """Local days of the claim's own zone become a half-open interval in UTC, and every source is kept."""
    [claim] = load(TARGETS / "valid-everything.yaml").documented
    assert claim.date == "2023-09-12"
    assert claim.interval == (datetime(2023, 9, 11, 18, tzinfo=UTC), datetime(2023, 9, 13, 18, tzinfo=UTC))
    assert [source.tier for source in claim.sources] == ["press", "dataset", ""]
    assert claim.disagreements == ("another paper says the thirteenth",)
    assert (claim.weight, claim.networks, claim.simulated) == ("strong", ("AS12997",), False)


def test_intervals_and_vetoes_decide_who_measures_what_how_often() -> None:
    """A vetoed target is not measured; a target's own interval goes before the vantage point's own."""
    settings = load(TARGETS / "valid-everything.yaml")
    assert [(target.id, station.point.id, every) for target, station, every in settings.pairs()] == [
        ("example", "office", timedelta(minutes=10)),
        ("kloop-ru", "abroad", timedelta(minutes=5)),
        ("example", "abroad", timedelta(minutes=90)),
    ]


def test_words_that_yaml_misreads_stay_what_they_are() -> None:
    """Norway is no refusal, a date is as precise as it was written, and quotes make no difference."""
    settings = load(TARGETS / "valid-traps.yaml")
    assert [target.id for target in settings.targets] == ["no"]
    assert settings.targets[0].name == "on"
    assert settings.vantage_points[0].point.country == "NO"
    assert [(claim.date, claim.precision) for claim in settings.documented] == [
        ("2023", "year"),
        ("2023-11", "month"),
        ("2023-11-05", "day"),
        ("2023-11-05", "day"),
        ("2023-11-05T01:30:00Z", "minute"),
    ]


def test_a_section_whose_lines_are_all_commented_out_is_no_mistake() -> None:
    """Sections with defaults may be empty."""
    assert load(TARGETS / "valid-sections-commented-out.yaml").limits == Limits()


def test_what_is_simulated_says_so_everywhere() -> None:
    """`simulated` reaches vantage points and claims, and lifts the limit that protects real sites."""
    settings = load(TARGETS / "valid-simulated.yaml")
    assert settings.simulated
    assert settings.vantage_points[0].point.simulated
    assert settings.documented[0].simulated
    assert settings.schedule.interval == timedelta(seconds=3)


def test_one_statement_about_several_targets_becomes_a_claim_for_each(tmp_path: Path) -> None:
    """A list of targets gives one claim per target, named after both."""
    path = tmp_path / "targets.yaml"
    path.write_text(
        "targets: [{id: a, urls: [http://a/]}, {id: b, urls: [http://b/]}]\n"
        "documented:\n"
        "- {id: c, target: [a, b], country: KG, kind: blocked, interval: [2014-12-16, 2016-05-31],\n"
        "   sources: [{url: doc:x}]}\n"
    )
    first, second = load(path).documented
    assert (first.id, second.id) == ("c@a", "c@b")
    assert (first.date, first.precision) == ("2014-12-16/2016-05-31", "unknown")
    assert first.interval == second.interval


def test_the_operators_own_address_is_in_no_text() -> None:
    """Neither the settings' text nor a message about a wrong source address repeats it."""
    assert "192.0.2.7" not in repr(load(TARGETS / "valid-everything.yaml"))
    assert "192.0.2.300" not in problems(TARGETS / "invalid-vantage-points.yaml")


def test_a_password_in_an_address_is_not_repeated() -> None:
    """The message about an address with a password does not print it."""
    assert "secret" not in problems(TARGETS / "invalid-urls.yaml")


@pytest.mark.parametrize("resolver", ["9.9.9.9", "9.9.9.9:5353", "2620:fe::fe", "'[2620:fe::fe]:53'", "~"])
def test_a_resolver_is_an_address_with_or_without_port(tmp_path: Path, resolver: str) -> None:
    """Both families, both forms, and none at all."""
    path = tmp_path / "targets.yaml"
    path.write_text(f"targets: [{{id: a, urls: [http://a/]}}]\nresolvers: {{udp: {resolver}}}\n")
    assert load(path).resolvers.udp == (None if resolver == "~" else resolver.strip("'"))


@pytest.mark.parametrize("resolver", ["dns.google", "9.9.9.9:0", "9.9.9.9:65536", "'[2620:fe::fe]'", "53", "9.9.9.9:x"])
def test_what_is_no_resolver_is_refused(tmp_path: Path, resolver: str) -> None:
    """Names, bare brackets and impossible ports are told, without repeating what may be a private address."""
    path = tmp_path / "targets.yaml"
    path.write_text(f"targets: [{{id: a, urls: [http://a/]}}]\nresolvers: {{udp: {resolver}}}\n")
    assert problems(path).startswith("2:18: this is no resolver's address; expected an IP address such as 9.9.9.9")


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    """A file that is not there is told in one line."""
    assert problems(tmp_path / "nothing.yaml").startswith("1:1: there is no such file; expected ")


def test_a_folder_instead_of_a_file_is_one_message(tmp_path: Path) -> None:
    """A folder is told in one line."""
    assert problems(tmp_path) == "1:1: this is a folder; expected a YAML file\n"


def test_an_unreadable_file_is_one_message(tmp_path: Path) -> None:
    """A path through a file is told in one line, with the system's reason."""
    (tmp_path / "file").write_text("x")
    assert problems(tmp_path / "file" / "targets.yaml").startswith("1:1: cannot be read (")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """More than a mebibyte is not parsed at all."""
    path = tmp_path / "targets.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    assert problems(path) == "1:1: the file is larger than 1024 KiB; expected a smaller one\n"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """A file saved by a Windows editor is read like any other."""
    path = tmp_path / "targets.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (TARGETS / "valid-smallest.yaml").read_bytes().replace(b"\n", b"\r\n"))
    assert load(path).targets[0].id == "kloop"


def test_secrets_of_the_environment_are_never_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dollar sign is a dollar sign."""
    monkeypatch.setenv("SECRET", "hunter2")
    path = tmp_path / "targets.yaml"
    path.write_text("targets: [{id: a, name: $SECRET, urls: [http://a/]}]\nstore: {path: $SECRET}\n")
    settings = load(path)
    assert settings.targets[0].name == "$SECRET"
    assert settings.store == tmp_path / "$SECRET"


def test_parameters_that_the_detector_refuses_are_told_at_its_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the detector can judge becomes a mistake of the file as well."""

    def refuse(*_: object) -> None:
        raise ValueError("alarm is below the cap")

    monkeypatch.setattr("monitor.config.build", refuse)
    assert problems(TARGETS / "valid-everything.yaml") == (
        "30:12: alarm is below the cap; expected parameters that fit together\n"
    )


def test_every_parameter_of_the_detector_can_be_written(tmp_path: Path) -> None:
    """The file takes each field of the detector's settings by its name, whatever fields there are."""
    defaults = DetectorSettings()
    lines = [f"  {each.name}: {_written(getattr(defaults, each.name))}" for each in fields(defaults)]
    path = tmp_path / "targets.yaml"
    path.write_text("targets: [{id: a, urls: [http://a/]}]\ndetection:\n" + "\n".join(lines) + "\n")
    assert load(path).detection == defaults


def _written(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    return str(list(value)) if isinstance(value, tuple) else str(value)


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("targets:\n- " + text).encode(errors="ignore"))
)
def test_no_bytes_whatever_break_the_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever a file holds, it is read or refused with at least one message, and nothing else happens."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    assert tried(path) is None or tried(path)


EVERYTHING = (TARGETS / "valid-everything.yaml").read_text(encoding="utf-8").splitlines(keepends=True)


@given(st.data())
def test_a_damaged_file_is_never_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Lines lost, doubled or changed give messages with places inside the file."""
    lines = list(EVERYTHING)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        key = lines[place].partition(":")[0]
        lines[place] = data.draw(st.sampled_from(["", lines[place] * 2, f"{key}: [1]\n", f"{key}: x\n", f"{key}:\n"]))
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text("".join(lines), encoding="utf-8")
    found = tried(path) or ()
    assert all(1 <= problem.line <= len(EVERYTHING) + 5 and problem.column >= 1 for problem in found)


def test_the_echo_host_s_token_is_read_from_its_file_and_never_shown() -> None:
    """Whoever dumps the settings into a report, or a log, does not give the secret away."""
    echo = load(TARGETS / "valid-everything.yaml").experiments.echo

    assert echo is not None
    assert echo.token == "not-a-real-token-0"
    assert "not-a-real-token-0" not in repr(load(TARGETS / "valid-everything.yaml"))


def test_the_echo_host_s_token_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers have no files of secrets; what a variable holds is checked, and never repeated in a message."""
    path = tmp_path / "targets.yaml"
    path.write_text(
        "targets: [{id: a, urls: [http://a/]}]\nexperiments: {echo: {addresses: [192.0.2.8], token_env: OURS}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("OURS", "not-a-real-token-1")
    echo = load(path).experiments.echo
    monkeypatch.setenv("OURS", "short secret")

    assert echo is not None
    assert echo.token == "not-a-real-token-1"
    assert "OURS: a token is 16 to 128 letters" in problems(path)
    assert "short secret" not in problems(path)


def test_names_to_compare_with_are_those_of_the_innocuous_targets_where_none_are_named(tmp_path: Path) -> None:
    """A file without the section still has what most experiments need."""
    path = tmp_path / "targets.yaml"
    path.write_text(
        "targets:\n- {id: a, urls: [http://a.example/]}\n- {id: b, urls: ['https://b.example/x'], innocuous: true}\n",
        encoding="utf-8",
    )

    assert load(path).innocuous_names() == ("b.example",)
