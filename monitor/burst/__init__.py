"""What follows a failed visit: rounds of the same visit and of experiments beside it, until it is known what it hangs
on. Read in this order: `plan` (what, in which order; pure), `allowance` (how many; pure), `course` (carries it out).
"""

from monitor.burst.allowance import Allowance
from monitor.burst.course import Bursts, Means
from monitor.burst.plan import Page, Round, Trial, plan, wanted

__all__ = ["Allowance", "Bursts", "Means", "Page", "Round", "Trial", "plan", "wanted"]
