"""How often each source agrees with what was measured: every statement by its own date, not by the claim's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.model import Claim, ClaimVerdict, Source, SourceScore


def name_of(source: Source) -> str:
    """A source's short name: the host, the repository, or the name of what is not on the web.

    >>> name_of(Source(url="https://www.rferl.org/a/1")), name_of(Source(url="doc:a joint statement"))
    ('rferl.org', 'a joint statement')
    >>> name_of(Source(url="git:citizenlab/test-lists@751c90bb lists/kg.csv"))
    'citizenlab/test-lists'
    """
    host = urlsplit(source.url).hostname if "://" in source.url else None
    if host:
        return host.removeprefix("www.")
    scheme, _, rest = source.url.partition(":")
    return rest.partition("@")[0] if scheme == "git" else rest.strip()


def sources_of(checked: Iterable[tuple[Claim, ClaimVerdict]], judge: Callable[[Claim], ClaimVerdict]) -> tuple[
    SourceScore, ...
]:  # fmt: skip
    """Each source's verdicts counted, the one with the most claims first.

    A source with a date of its own is judged by that; one that stands behind a claim twice is judged once per date.
    """
    found: dict[str, Counter[ClaimVerdict]] = defaultdict(Counter)
    for claim, verdict in checked:
        for name, own in dict.fromkeys((name_of(source), _own(claim, source)) for source in claim.sources):
            found[name][verdict if own == claim else judge(own)] += 1
    scores = [
        SourceScore(
            source=name,
            claims=counts.total(),
            supported=counts[ClaimVerdict.SUPPORTED],
            consistent=counts[ClaimVerdict.CONSISTENT],
            contradicted=counts[ClaimVerdict.CONTRADICTED],
            not_testable=counts[ClaimVerdict.NOT_TESTABLE],
        )
        for name, counts in found.items()
    ]
    return tuple(sorted(scores, key=lambda score: (-score.claims, score.source)))


def _own(claim: Claim, source: Source) -> Claim:
    if source.interval is None or source.interval == claim.interval:
        return claim
    return replace(claim, date=source.date, interval=source.interval)
