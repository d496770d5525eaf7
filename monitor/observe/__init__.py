"""Facts beside facts: a measurement and its controls in, flat observations out. Pure, and without an opinion.

`observe` sets each step beside what the control vantage points saw of the same thing; `flatten` makes one row of a
measurement and its verdict. What it all means is said in `monitor.verdict`.
"""

from monitor.observe.facts import observe
from monitor.observe.row import flatten

__all__ = ["flatten", "observe"]
