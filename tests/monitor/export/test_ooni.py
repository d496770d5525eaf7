"""The keys that the peer derives, from our facts, on the peer's own cases and on a few of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.export.formats import ooni
from tests.monitor.export.peer import control_of, measurement_of

HERE = Path(__file__).parent
PEERS = HERE.parents[2].parent / "shared" / "cases" / "website-qa.json"
OWN = HERE / "cases.json"
KEYS = (
    "dns_experiment_failure",
    "dns_consistency",
    "http_experiment_failure",
    "body_proportion",
    "body_length_match",
    "headers_match",
    "status_code_match",
    "title_match",
    "accessible",
    "blocking",
)


def derived(document, case):
    """The keys for one case, as the code under test derives them."""
    asn = {a: n for a, n in document["environment"]["asn_used_by_the_oracle"].items() if n is not None}
    return ooni.derived_keys(measurement_of(case), control_of(case), asn=asn)


def pick(keys):
    """The compared keys, and nothing else."""
    return {key: keys[key] for key in KEYS}


@pytest.mark.skipif(not PEERS.exists(), reason="the peer's cases are not beside this repository")
def test_the_peers_cases_give_the_peers_keys():
    """All of the peer's cases give its verdict and every key that leads to it."""
    document = json.loads(PEERS.read_text(encoding="utf-8"))

    found = {case["name"]: pick(derived(document, case)) for case in document["cases"]}

    assert {case["name"]: pick(case["expected"]) for case in document["cases"]} == found


@pytest.mark.parametrize("case", json.loads(OWN.read_text(encoding="utf-8"))["cases"], ids=lambda case: case["name"])
def test_own_cases_give_the_keys_written_beside_them(case):
    """Each of our small cases gives the keys that were worked out by hand from the peer's rules."""
    document = json.loads(OWN.read_text(encoding="utf-8"))

    found = derived(document, case)

    assert case["expected"] == {key: found[key] for key in case["expected"]}
