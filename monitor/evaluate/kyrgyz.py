"""Kyrgyzstan from 2017 to 2026, played: the documented blocks and what only looks like one. SIMULATED, all of it.

Dates are those that the nearest sources give (targets.yaml); which network followed when, the holes between the
seasons, the techniques, the outages and the ends that nobody documents are invented, and say nothing of any provider.
Networks carry their real numbers so that claims about single providers can be put to the test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from monitor.evaluate.chronicle import Act, Chronicle, Sort, staggered
from monitor.model import Evidence

UNTIL = datetime(2026, 4, 1, tzinfo=UTC)
"""The end of the last season: `now` of everything that looks at the chronicle."""

_TELECOM, _O, _MEGACOM, _BEELINE = "AS12997", "AS47237", "AS50223", "AS41329"
_AKNET, _MEGALINE, _ELCAT = "AS12764", "AS41750", "AS8449"
_ALL = (_TELECOM, _O, _MEGACOM, _BEELINE, _AKNET, _MEGALINE, _ELCAT)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _blocked(
    target: str,
    start: str,
    since: Mapping[str, float],
    end: str = "2026-04-01",
    *,
    until: Mapping[str, float] | None = None,
    technique: str = "tls.reset.sni",
    evidence: Evidence = Evidence.ARTEFACT,
) -> tuple[Act, ...]:
    """A block that reaches each network so many hours after its start, and leaves it so many after its end."""
    first, last = _at(start), _at(end)
    whole = Act(
        sort=Sort.BLOCK, networks=(), target=target, start=first, end=last, technique=technique, evidence=evidence
    )
    return staggered(whole, since, until or {})


def _struck(sort: Sort, networks: tuple[str, ...], start: str, end: str, target: str = "") -> Act:
    return Act(sort=sort, networks=networks, target=target, start=_at(start), end=_at(end), force=1.0)


_FERGANA = (
    # One provider's notice names a court's decision of 9 June. Its end falls where nobody measures.
    *_blocked(
        "fergana",
        "2017-06-10T04:00",
        {_MEGALINE: 0, _TELECOM: 5, _O: 9, _BEELINE: 20, _MEGACOM: 26, _ELCAT: 30, _AKNET: 50},
        "2019-03-01",
    ),
)
_PLATFORMS = (
    # Some providers only, and never AkNet.
    *_blocked(
        "internet-archive", "2017-07-11T08:00", {_TELECOM: 0, _ELCAT: 20}, "2018-02-15", technique="http.blockpage"
    ),
    *_blocked("change-org", "2020-07-18T05:00", {_TELECOM: 0, _O: 4, _MEGACOM: 7, _BEELINE: 30}, "2020-09-01"),
    # An attempt on two networks, taken back; nothing but timeouts shows.
    *_blocked(
        "tiktok",
        "2023-09-06T03:00",
        {_O: 0, _MEGACOM: 3},
        "2023-09-08T06:00",
        technique="tls.timeout",
        evidence=Evidence.AMBIGUOUS,
    ),
    *_blocked(
        "tiktok",
        "2024-04-17T12:00",
        {_O: 0, _MEGACOM: 3, _BEELINE: 5, _TELECOM: 15, _MEGALINE: 30, _AKNET: 31, _ELCAT: 46},
        technique="dns.nxdomain",
    ),
)
_AZATTYK = tuple(
    # Blocked beyond its two months, until the settlement of July 2023; one network is three weeks late.
    act
    for site in ("azattyk-ky", "azattyk-ru")
    for act in _blocked(
        site,
        "2022-10-26T09:00",
        {_O: 0, _MEGACOM: 2, _TELECOM: 4, _BEELINE: 8, _MEGALINE: 18, _ELCAT: 27, _AKNET: 40},
        "2023-07-13T08:00",
        until={_TELECOM: 6, _MEGACOM: 24, _BEELINE: 30, _AKNET: 48, _MEGALINE: 60, _ELCAT: 500},
    )
)
_KLOOP = (
    *_blocked(
        "kloop-ru",
        "2023-09-12T07:00",
        {_O: 0, _ELCAT: 3, _TELECOM: 14, _MEGACOM: 22, _BEELINE: 26, _MEGALINE: 40, _AKNET: 75},
    ),
    *_blocked(
        "kloop-ky",
        "2023-11-03T06:00",
        {_TELECOM: 0, _O: 2, _MEGACOM: 6, _BEELINE: 25, _MEGALINE: 26, _ELCAT: 30, _AKNET: 49},
    ),
)
_LOOK_ALIKES = (
    # Mobile networks offline after an election, a power failure, an outage in the month of another site's block, and
    # a night on which the server of a newspaper whose office was just sealed fails for everybody.
    _struck(Sort.OFFLINE, (_MEGACOM, _O, _BEELINE), "2020-10-05T14:00", "2020-10-06T02:00"),
    _struck(Sort.SILENT, _ALL, "2022-01-25T06:00", "2022-01-25T15:00"),
    _struck(Sort.OFFLINE, (_TELECOM, _ELCAT), "2022-10-10T06:00", "2022-10-12T06:00"),
    _struck(Sort.DOWN, _ALL, "2024-01-16T14:00", "2024-01-17T02:00", "24kg"),
)
_UNDOCUMENTED = _blocked("akipress", "2024-06-10T10:00", {_TELECOM: 0, _ELCAT: 1}, "2024-06-12T16:00")

CHRONICLE = Chronicle(
    country="KG",
    targets=(
        "24kg", "akipress", "azattyk-ky", "azattyk-ru", "change-org", "current-time", "fergana", "internet-archive",
        "kaktus", "kloop-ky", "kloop-ru", "nazarnews", "tiktok",
    ),
    innocuous=("example", "wikipedia"),
    points={_TELECOM: 2, _O: 2, _MEGACOM: 1, _BEELINE: 1, _AKNET: 1, _MEGALINE: 1, _ELCAT: 1},
    seasons=(
        (_at("2017-05-15"), _at("2018-03-01")),
        (_at("2020-06-25"), _at("2020-11-01")),
        (_at("2022-01-15"), _at("2022-02-10")),
        (_at("2022-07-20"), _at("2024-08-01")),
        (_at("2025-09-15"), UNTIL),
    ),
    acts=(*_FERGANA, *_PLATFORMS, *_AZATTYK, *_KLOOP, *_LOOK_ALIKES, *_UNDOCUMENTED),
)  # fmt: skip
"""Who measured what and when, and what was played."""
