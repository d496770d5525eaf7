"""The table of rules as a page; `python -m monitor.verdict.catalogue > docs/reference/rules.md` renews it."""

from __future__ import annotations

import sys

from monitor.verdict.rule import Rule
from monitor.verdict.rules import RULES, RULESET

_HEAD = f"""# Rules

Every verdict names the rule that spoke. Rules are asked in this order, and the first that matches speaks. This page is
made from the table in `monitor/verdict/rules/`; a test compares the two.

Ruleset `{RULESET}`. The words are explained in [techniques.md](techniques.md).

"most controls" is more than half of the control vantage points that looked at the same thing and reached anything at
all. "vouched for" is an address that a control was given too, that came over DNS over HTTPS, at which a certificate for
the name was valid, or that is a neighbour (/24, /48) of such an address.

One more id is none of this table: `path.others_fail` (insufficient) takes the place of a blocking rule where
[experiments](experiments.md) beside the failure show that what nobody blocks fails in the same way. Layer and failure
stay.

| rule | state | technique | locus | evidence | why |
|---|---|---|---|---|---|
"""


def catalogue() -> str:
    """The whole page as Markdown, one row per rule in the order in which they are asked."""
    return _HEAD + "".join(f"{_row(rule)}\n" for rule in RULES)


def _row(rule: Rule) -> str:
    technique = f"`{rule.technique}`" if rule.technique else ""
    return f"| `{rule.id}` | {rule.state} | {technique} | {rule.locus} | {rule.evidence} | {rule.why} |"


if __name__ == "__main__":
    sys.stdout.write(catalogue())
