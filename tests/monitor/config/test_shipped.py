"""The file that comes with the program, and the schema that editors complete it from."""

import json
import re
import tomllib
from pathlib import Path
from typing import get_args

import yaml

from monitor.check.rules import RULES
from monitor.config import json_schema, load, shipped
from monitor.config.shape import ClaimKind

ROOT = Path(__file__).parents[3]
UNCONFIRMED = ("respub.kg", "politklinika.kg", "april.kg", "medium.com")


def test_the_shipped_file_is_right() -> None:
    """What is shipped loads, watches real targets from this machine, and holds nothing simulated."""
    settings = load(shipped())
    assert {"kloop-ru", "kloop-ky", "kloop-uz", "azattyk-ky", "azattyk-ru", "24kg", "kaktus", "tiktok"} <= {
        target.id for target in settings.targets
    }
    assert [station.point.kind for station in settings.vantage_points] == ["local"]
    assert not settings.simulated
    assert settings.documented
    assert settings.milestones


def test_an_editable_checkout_ships_the_file_at_its_root() -> None:
    """Without a packaged copy, the repository's own file is the shipped one."""
    assert shipped() == ROOT / "targets.yaml"


def test_the_wheel_carries_the_file_where_it_is_looked_for() -> None:
    """The build puts the repository's file beside the reader."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"]["targets.yaml"] == "monitor/config/targets.yaml"


def test_unconfirmed_domains_are_not_visited() -> None:
    """A domain that no source confirms is in no target."""
    addresses = " ".join(url for target in load(shipped()).targets for url in target.urls)
    assert [domain for domain in UNCONFIRMED if domain in addresses] == []


def test_innocuous_targets_are_several() -> None:
    """One failing site must not make a vantage point look sick."""
    hosts = {target.urls[0] for target in load(shipped()).targets if target.innocuous}
    assert len(hosts) >= 4


def test_the_shipped_file_names_no_address_of_kloops_articles() -> None:
    """Sources at Kloop are named and not linked, for the reason that the file itself gives."""
    settings = load(shipped())
    links = [source.url for claim in settings.documented for source in claim.sources]
    links += [source.url for milestone in settings.milestones for source in milestone.sources]
    assert [link for link in links if re.match(r"https?://([\w-]+\.)*kloop\.", link)] == []


def test_every_claim_has_a_source_and_a_window() -> None:
    """A claim without a source is a rumour, and one without a window cannot be checked."""
    for claim in load(shipped()).documented:
        assert claim.sources, claim.id
        assert claim.interval[0] < claim.interval[1], claim.id


def test_the_disputed_dates_are_there() -> None:
    """The date of the joint statement and the one of the outlet itself are both kept as claims."""
    dates = {claim.id: claim.date for claim in load(shipped()).documented if claim.target == "azattyk-ru"}
    assert dates["azattyk-2022-block@azattyk-ru"] == "2022-10-26"
    assert dates["azattyk-2023-joint-statement@azattyk-ru"] == "2023"


def test_every_kind_of_claim_that_can_be_written_can_be_checked() -> None:
    """The file's kinds and the check's rules are the same set."""
    assert set(get_args(ClaimKind)) == set(RULES)


def test_the_schema_is_json_schema_2020_12_with_every_section() -> None:
    """Editors get a document of the right dialect that describes each section and refuses others."""
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["targets"]
    assert schema["additionalProperties"] is False
    assert set(yaml.safe_load(shipped().read_text(encoding="utf-8"))) <= set(schema["properties"])


def test_the_schema_refers_only_to_what_it_defines() -> None:
    """Every reference in the schema resolves, and every section with defaults may be empty."""
    schema = json_schema()
    names = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))
    assert names
    assert names <= set(schema["$defs"])
    assert {"type": "null"} in schema["properties"]["limits"]["anyOf"]


def test_the_reference_page_names_every_key() -> None:
    """The page about the file cannot miss a key."""
    page = (ROOT / "docs" / "reference" / "targets-yaml.md").read_text(encoding="utf-8")
    schema = json_schema()
    keys = set(schema["properties"])
    for name, part in schema["$defs"].items():
        keys |= set() if name == "DetectionPart" else set(part["properties"])
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
