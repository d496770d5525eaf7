"""The table: every rule, in the order in which they are asked. The first that matches speaks.

1. Can the vantage point be believed?  2. Was the site's own page reached (and was something amiss all the same)?
3. What shows only here: names, connections, handshakes, pages.  4. What fails for the controls as well.
5. What cannot be decided, and why.

A rule of 3 needs most controls to have had the same thing working, so its place before 4 hides no site that is down.
"""

from monitor.verdict.rule import Rule
from monitor.verdict.rules import control, dns, http, tcp, tls, vantage

RULESET = "2026.11.5"
"""Changes with every rule that is added or reordered; a verdict carries the one it was made with."""

RULES: tuple[Rule, ...] = (
    *vantage.RULES,
    *dns.REACHED_ALL_THE_SAME,
    *tcp.REACHED_ALL_THE_SAME,
    *tls.REACHED_ALL_THE_SAME,
    *http.PROVED,
    *dns.RULES,
    *tcp.RULES,
    *tls.RULES,
    *http.RULES,
    *dns.UNDECIDED,
    *control.RULES,
    *control.UNDECIDED,
    *http.UNDECIDED,
    *control.LAST,
)
