"""What a measurement means: observations in, a verdict out, by a table of rules of which the first that matches speaks.

Pure: the same facts give the same verdict under the same `RULESET`, today or in ten years. `assess` says whether the
vantage point can be believed at all.
"""

from monitor.verdict.health import assess
from monitor.verdict.judge import judge
from monitor.verdict.rule import Rule
from monitor.verdict.rules import RULES, RULESET

__all__ = ["RULES", "RULESET", "Rule", "assess", "judge"]
