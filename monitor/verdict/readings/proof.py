"""What rules of every layer ask: did a reader here get a page, and is it proved to be the site's own?"""

from __future__ import annotations

from monitor.model import Observation
from monitor.verdict.case import Case
from monitor.verdict.likeness import Likeness


def page_proved(case: Case) -> Observation | None:
    """The last answer, where it is the site's own and came the way a reader's program would go; else None.

    Over TLS a verified chain proves it, and no control is needed. In the clear only the controls can: most of them must
    have ended with the same page. An answer of 400 or above is no page.
    """
    hop = case.last
    if not came_by_default(case) or hop.page is None or hop.page.location or hop.page.status >= 400:
        return None
    return hop.fetch if hop.certified or (not hop.secure and case.likeness() is Likeness.SAME) else None


def came_by_default(case: Case) -> bool:
    """Whether every hop went over the system's addresses, with verified TLS where asked for, and none led astray."""
    return not case.astray and all(hop.by_default and (hop.certified or not hop.secure) for hop in case.hops)
