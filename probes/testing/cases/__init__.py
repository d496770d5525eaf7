"""Case files: known censors described for one URL each, with the verdict that another tool gave, read into lab data.

The format is JSON: `cases` is a list of objects with `name`, `input` (the URL), `manipulations` (objects with a `kind`
and the keys that it needs), `control_reachable` and `expected` (the other tool's keys). `environment` may list more
hosts, each with `names`, `ips` and, in `serves`, the ports; a host that nobody describes serves a plain page.
"""

from probes.testing.cases.case import LIMITS, Case, on_android
from probes.testing.cases.file import read_cases
from probes.testing.cases.manipulations import MANIPULATIONS
from probes.testing.cases.reading import CaseError
from probes.testing.cases.world import CONTROL, PROBE, WORLD

__all__ = ["CONTROL", "LIMITS", "MANIPULATIONS", "PROBE", "WORLD", "Case", "CaseError", "on_android", "read_cases"]
