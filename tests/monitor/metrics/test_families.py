"""The table of metrics obeys Prometheus' naming rules, and its page says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.metrics.families import FAMILIES, OWN, PROBE, Family

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_name_and_help_follow_the_rules(family: Family) -> None:
    """Names are snake_case with base units, counters end in _total, help is a sentence, no label stands in the name."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
    assert (family.kind == "counter") == family.name.endswith("_total")
    assert not re.search(r"_(ms|milliseconds|minutes|kb|percent)\b", family.name)
    assert family.help.endswith(".")
    assert len(set(family.labels)) == len(family.labels)


def test_every_name_stands_once_and_under_its_own_prefix() -> None:
    """Blackbox's names are blackbox's, all others carry our prefix, and none is there twice."""
    assert len(FAMILIES) == len(PROBE) + len(OWN)
    assert all(family.name.startswith("probe_") for family in PROBE)
    assert all(family.name.startswith("presscanary_") for family in OWN)


def test_probe_families_carry_no_label_that_doubles_series() -> None:
    """Existing dashboards show one number per instance: a vantage label would give them several."""
    allowed = {"instance", "phase", "version"}

    assert {label for family in PROBE for label in family.labels} <= allowed


def test_probe_names_and_labels_are_those_of_blackbox_exporter() -> None:
    """Each probe family is found in blackbox_exporter's own output, as a gauge with the same labels."""
    golden = ROOT.parent / "shared" / "data" / "blackbox-golden"
    if not golden.is_dir():
        pytest.skip("no recorded output of blackbox_exporter on this machine")
    text = "\n".join(path.read_text() for path in sorted(golden.glob("*.txt")))

    for family in PROBE:
        assert f"# TYPE {family.name} gauge" in text, family.name
        found = re.search(rf"^{family.name}(\{{[^}}]*\}})? ", text, re.MULTILINE)
        assert found is not None, family.name
        assert set(re.findall(r"(\w+)=", found.group(1) or "")) == set(family.labels) - {"instance"}, family.name


def test_the_reference_page_lists_every_family_as_the_table_does() -> None:
    """docs/reference/metrics.md has one row per family with its labels and its help."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:probe|presscanary)_\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$", page, re.MULTILINE)

    expected = [
        (family.name, family.kind, ", ".join(f"`{label}`" for label in family.labels) or "–", family.help)
        for family in FAMILIES.values()
    ]
    assert rows == expected
