"""How many bursts there may be: a block of every target on every line must not flood anybody. Times are passed in."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from monitor.burst.plan import Page
from monitor.config import BurstSettings

_HOUR = 3600.0


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What runs, what began within the hour, and which pages rest; times are seconds of any steady clock.

    >>> from probes.model import Target, VantagePoint
    >>> page = Page(target=Target(id="a", urls=()), url="https://a.example/", vantage=VantagePoint(id="here"))
    >>> allowance = Allowance()
    >>> allowance.begin(page, BurstSettings(), 0.0), allowance.begin(page, BurstSettings(), 1.0)
    (True, False)
    """

    running: set[str] = field(default_factory=set)
    lines: Counter[str] = field(default_factory=Counter)
    begun: dict[str, deque[float]] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)

    def begin(self, page: Page, settings: BurstSettings, now: float) -> bool:
        """Take a place for a burst; False where the page has one or rests, or its vantage point has enough of them."""
        line = page.vantage.id
        lately = self.begun.setdefault(line, deque())
        while lately and now - lately[0] >= _HOUR:
            lately.popleft()
        full = self.lines[line] >= settings.at_once or len(lately) >= settings.per_hour
        if full or page.id in self.running or self.resting.get(page.id, now) > now:
            return False
        self.running.add(page.id)
        self.lines[line] += 1
        lately.append(now)
        return True

    def end(self, page: Page, settings: BurstSettings, now: float, *, proved: bool) -> None:
        """Give the place back; where something was proved, the page rests."""
        self.running.discard(page.id)
        self.lines[page.vantage.id] -= 1
        self.resting = {name: until for name, until in self.resting.items() if until > now}
        if proved:
            self.resting[page.id] = now + settings.rest.total_seconds()

    def ask_controls(self, url: str, settings: BurstSettings, now: float) -> bool:
        """Whether the controls should be asked about a URL: not where they were, a moment ago."""
        apart = settings.controls_apart.total_seconds()
        self.asked = {name: when for name, when in self.asked.items() if now - when < apart}
        if url in self.asked:
            return False
        self.asked[url] = now
        return True
