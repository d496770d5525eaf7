"""Handshakes with the site's name: cut, swallowed, or answered with another's certificate; controls verify the site's.

Whether the name in the handshake was the trigger is not seen in one measurement: `tls.reset.sni` needs the swap of
names, so the technique stays one level above.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from monitor.model import Evidence, Layer, Locus, Observation, State
from monitor.verdict import words
from monitor.verdict.case import Case
from monitor.verdict.readings.proof import page_proved
from monitor.verdict.rule import Rule


def _broken(case: Case, *, failures: Collection[str]) -> Observation | None:
    """Every handshake at vouched-for addresses fails for the same reason, and most controls complete theirs."""
    seen = _unfinished(case)
    return seen[0] if seen and all(one.failure in failures for one in seen) else None


def _broken_variously(case: Case) -> Observation | None:
    seen = _unfinished(case)
    return seen[0] if seen else None


def _unfinished(case: Case) -> tuple[Observation, ...]:
    """The failed handshakes that controls contradict; empty where one at a vouched-for address was completed."""
    hop = case.last
    tried = hop.at(hop.trusted, of=hop.handshakes)
    if not hop.secure or case.astray or any(one.failure is None for one in tried):
        return ()
    return tuple(one for one in tried if case.contrary(one))


def _forged(case: Case, *, failures: Collection[str], self_signed: bool | None = None) -> Observation | None:
    """All handshakes end with a leaf that no control was shown; `self_signed` asks for its kind as well."""
    seen = _unfinished(case)
    if not seen or any(one.failure not in failures or not _strange(one) for one in seen):
        return None
    return next((one for one in seen if self_signed is None or one.self_signed is self_signed), None)


def _strange(seen: Observation) -> bool:
    return seen.certificate is not None and seen.certificate not in seen.control.certificates


def _wrong_certificate_anywhere(case: Case) -> Observation | None:
    """No address here is vouched for, and at none the certificate is the site's."""
    hop = case.last
    tried = hop.handshakes
    unknown = hop.secure and tried and not case.astray and not hop.at(hop.trusted, of=tried)
    if not unknown or any(one.failure not in words.ANOTHERS or not _strange(one) for one in tried):
        return None
    return tried[0] if case.others_succeed else None


def _partly_broken(case: Case, *, failures: Collection[str]) -> Observation | None:
    if page_proved(case) is None:
        return None
    tried = (one for hop in case.hops for one in hop.at(hop.trusted, of=hop.handshakes))
    return next((one for one in tried if one.failure in failures and one.control.ok > one.control.failed), None)


_WAYS = (
    ("reset", words.RESET, "tls.reset", "are reset"),
    ("timeout", words.TIMEOUT, "tls.timeout", "stay without an answer"),
    ("eof", words.EOF, "tls.eof", "are closed by the other side"),
)

REACHED_ALL_THE_SAME = tuple(
    Rule(
        id=f"tls.{name}.some_addresses",
        why=f"The site is reached, but handshakes at some of its addresses {what}, and most controls complete them.",
        state=State.OK,
        layer=Layer.TLS,
        technique=technique,
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_partly_broken, failures=failures),
    )
    for name, failures, technique, what in (*_WAYS, ("mitm", words.CERTIFICATE, "tls", "end with a wrong certificate"))
)

RULES = (
    Rule(
        id="tls.mitm.self_signed",
        why="The site's address shows a certificate that vouches for itself; controls are shown another and verify it.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls.mitm.self_signed",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_forged, failures=frozenset({"ssl_unknown_authority"}), self_signed=True),
    ),
    Rule(
        id="tls.mitm.ca_signed",
        why="The site's address shows a certificate of an unknown authority; controls are shown another and verify it.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls.mitm.ca_signed",
        locus=Locus.NETWORK,
        evidence=Evidence.ARTEFACT,
        matches=partial(_forged, failures=frozenset({"ssl_unknown_authority"}), self_signed=False),
    ),
    Rule(
        id="tls.mitm.controls_verify",
        why="The site's address shows a certificate that is not valid for the name; controls verify another.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls.mitm",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_forged, failures=words.ANOTHERS),
    ),
    Rule(
        id="tls.certificate.out_of_date",
        why="The site's address shows a certificate that is out of date or defective, as an old edge of its own might; "
        "controls are shown another and verify it.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls",
        evidence=Evidence.AMBIGUOUS,
        matches=partial(_forged, failures=words.CERTIFICATE),
    ),
    Rule(
        id="tls.certificate.unvouched_address",
        why="At addresses that nobody else is given, the certificate is another's: a forged address or handshake, or a "
        "machine of the site's that was set up wrongly.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls",
        evidence=Evidence.AMBIGUOUS,
        matches=_wrong_certificate_anywhere,
    ),
    *(
        Rule(
            id=f"tls.{name}.controls_complete",
            why=f"Handshakes with the site's name at its vouched-for addresses {what}; most controls complete theirs.",
            state=State.BLOCKED,
            layer=Layer.TLS,
            technique=technique,
            evidence=Evidence.AMBIGUOUS,
            matches=partial(_broken, failures=failures),
        )
        for name, failures, technique, what in _WAYS
    ),
    Rule(
        id="tls.failed.controls_complete",
        why="Handshakes with the site's name fail in several ways or in an unnamed one; most controls complete theirs.",
        state=State.BLOCKED,
        layer=Layer.TLS,
        technique="tls",
        evidence=Evidence.AMBIGUOUS,
        matches=_broken_variously,
    ),
)
