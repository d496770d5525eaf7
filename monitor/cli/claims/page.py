"""The check's report as one page that stands alone: no script, no link, nothing to load; for paper as well."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from monitor.check import name_of
from monitor.cli.frame import CommandError
from monitor.model import CheckReport, ClaimVerdict


def page(report: CheckReport, language: str = "en") -> str:
    """The report as HTML in a language of the page; CommandError where the extra that makes pages is not installed."""
    try:
        from monitor.web.render import render  # noqa: PLC0415
    except ModuleNotFoundError as fault:
        raise CommandError(f"--format html needs {fault.name}: pip install 'presscanary[web]'") from fault
    found = Counter(each.verdict for each in report.checks)
    return render(
        "claims.html",
        language,
        report=report,
        counts=[(verdict, found[verdict]) for verdict in ClaimVerdict],
        source_name=name_of,
        now=datetime.now(UTC),
    )
