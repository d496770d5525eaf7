"""Names that were not answered with anything of use: denied, refused, or met with silence."""

from __future__ import annotations

from collections.abc import Collection

from monitor.model import Layer, Observation, Standing
from monitor.verdict import words
from monitor.verdict.addresses import is_v6
from monitor.verdict.case import Case
from monitor.verdict.hop import Hop

_NAMED = words.NXDOMAIN | words.REFUSES | words.SERVFAIL | words.EMPTY | words.TIMEOUT | words.NOT_ASKED


def withheld(case: Case, *, failures: Collection[str]) -> Observation | None:
    """The system's resolver has no usable address, most controls have one, and DNS over HTTPS does not agree."""
    seen = _unresolved(case)
    return seen if seen and seen.failure in failures and not _doh_agrees(case, seen) else None


def failed_otherwise(case: Case) -> Observation | None:
    """As `withheld`, in a way that has no rule of its own."""
    seen = _unresolved(case)
    return seen if seen and seen.failure not in _NAMED and not _doh_agrees(case, seen) else None


def silent(case: Case) -> Observation | None:
    """As `withheld`; but silence counts only where another resolver did answer in the same measurement."""
    seen = withheld(case, failures=words.TIMEOUT)
    answered = any(one.failure is None for one in case.observations if one.layer is Layer.DNS and not one.screened)
    return seen if answered else None


def not_asked(case: Case) -> Observation | None:
    """The system's resolver took no question, so that its silence is about no name."""
    seen = _unresolved(case)
    return seen if seen and seen.failure in words.NOT_ASKED else None


def authority_agrees(case: Case) -> Observation | None:
    """The name fails here by DNS over HTTPS as well, though most controls resolve it."""
    seen = _unresolved(case)
    return seen if seen and _doh_agrees(case, seen) else None


def _unresolved(case: Case) -> Observation | None:
    for hop in case.hops:
        if hop.cleared or _usable(hop):
            continue
        found = next((one for one in hop.asked if one.failure and case.contrary(one)), None)
        if found:
            return found
    return None


def _usable(hop: Hop) -> bool:
    """Whether the system gave an address that can be dialled here; IPv6 ones cannot where there is no IPv6."""
    dialled = {one.addresses[0] for one in hop.connects}
    return any(not is_v6(address) or address in dialled for address in hop.default)


def _doh_agrees(case: Case, seen: Observation) -> bool:
    """An answer inside TLS was not forged on the path: the name's own servers say so here."""
    if seen.failure in words.TIMEOUT:
        return False
    question = (seen.subject, seen.query_type)
    said = [one for one in case.observations if one.engine == "doh" and (one.subject, one.query_type) == question]
    return any(one.failure == seen.failure for one in said)


def exists_only_here(case: Case) -> Observation | None:
    """Controls are told that the name does not exist, and here it has an address."""
    for hop in case.hops:
        for one in hop.asked:
            denied = all(words.plain(failure) in words.NXDOMAIN for failure in one.control.failures)
            if one.failure is None and one.standing is Standing.CONTRARY and denied and not hop.verified:
                return one
    return None
