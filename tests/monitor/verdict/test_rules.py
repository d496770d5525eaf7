"""The table of rules, and every rule in a scene of its own."""

from __future__ import annotations

import re

import pytest

from monitor.model import Evidence, Locus, State
from monitor.observe import observe
from monitor.verdict import RULES, RULESET, judge
from tests.monitor.verdict.table import SCENES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_speaks_in_its_scene(rule):
    """Each rule has a scene, is the first to match in it, and the verdict carries what the rule says."""
    scene = SCENES[rule.id]

    verdict = judge(
        scene.measurement,
        observe(scene.measurement, scene.controls),
        health=scene.health,
        fingerprints=scene.fingerprints,
    )

    assert rule.id == verdict.rule_id
    assert (rule.state, rule.layer, rule.technique) == (verdict.state, verdict.layer, verdict.technique)
    assert (rule.locus, rule.evidence, RULESET) == (verdict.locus, verdict.evidence, verdict.ruleset)


def test_no_scene_is_left_over():
    """A scene whose rule is gone is noticed."""
    assert {rule.id for rule in RULES} == set(SCENES)


def test_ids_are_stable_words():
    """Ids are unique and read `room.words.words`, in lower case."""
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"(vantage|control|dns|tcp|tls|http)(\.[a-z0-9_]+){1,2}", one) for one in ids)


def test_every_rule_says_why():
    """The sentence is for people: it starts with a capital letter, ends with a full stop, and accuses nobody."""
    for rule in RULES:
        assert re.fullmatch(r"[A-Z].{20,}\.", rule.why), rule.id
        assert not re.search(r"government|censor", rule.why, re.IGNORECASE), rule.id


def test_techniques_begin_where_it_showed():
    """A technique begins with the rule's layer (`ip` shows while connecting); a server's refusal has none."""
    for rule in RULES:
        if rule.technique is not None:
            assert rule.technique.split(".")[0] in {rule.layer, "ip" if rule.layer == "tcp" else rule.layer}
            assert rule.locus is not Locus.SERVER_SIDE


def test_blocked_needs_a_technique_or_a_server():
    """What is called blocked names a technique or says that the site's own server did it, and has some evidence."""
    for rule in RULES:
        if rule.state is State.BLOCKED:
            assert rule.technique or rule.locus is Locus.SERVER_SIDE
            assert rule.evidence is not Evidence.NONE
