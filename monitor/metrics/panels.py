"""What a dashboard and a panel are, and the words, colours and matchers that panels share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OURS = 'job=~"$job", instance=~"$instance"'
"""Matchers of the `presscanary_*` families: the process that was scraped."""
PROBES = 'job=~"$job", instance=~"$url"'
"""Matchers of the `probe_*` families: the URL that was probed."""

TARGET = f'{OURS}, target=~"$target"'
NETWORK = f'{OURS}, network=~"$network"'
COUNTRY = f'{OURS}, country=~"$country"'
"""The same, narrowed by what the reader chose."""

STATES: Mapping[int, tuple[str, str]] = {
    0: ("ok", "#0b8a68"),
    1: ("down", "#7a4fa3"),
    2: ("blocked", "#d1480a"),
    3: ("insufficient", "#8a8f98"),
}
"""Numbers of `state_of`, their words and colours that stay apart for colour-blind eyes (after Okabe and Ito)."""
HEALTH: Mapping[int, tuple[str, str]] = {
    0: ("healthy", "#0b8a68"),
    1: ("sick", "#d1480a"),
    2: ("offline", "#7a4fa3"),
    3: ("unknown", "#8a8f98"),
}
YES_NO: Mapping[int, tuple[str, str]] = {0: ("no", "#d1480a"), 1: ("yes", "#0b8a68")}
SIMULATED: Mapping[int, tuple[str, str]] = {0: ("real", "#8a8f98"), 1: ("SIMULATED", "#d1480a")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: a title, a sentence of what is seen, and the queries with their legends."""

    title: str
    description: str
    queries: Mapping[str, str]
    """Legend -> PromQL."""
    kind: Literal["stat", "table", "timeseries", "state-timeline"] = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Value -> (word, colour); empty for plain numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """Something that the reader chooses at the top of a dashboard."""

    name: str
    label: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard: its name in links and files, what it is for, what can be chosen, and its rows of panels."""

    name: str
    uid: str
    """Stable, so that links and provisioning survive a new version."""
    title: str
    description: str
    sections: Mapping[str, tuple[Panel, ...]]
    """Title of the row -> panels."""
    variables: tuple[Variable, ...] = ()
    """Beside the data source, the job and the process, which every dashboard has."""
    marks: str = ""
    """PromQL whose values are moments (Unix time in milliseconds) to be marked on every panel."""


ONSETS = 'presscanary_blocking_event_onset_timestamp_seconds{{{where}, bound="latest"}} * 1000'
"""Marks: when each open event was first seen blocked."""

CHOOSE_TARGET = Variable(
    name="target",
    label="Target",
    query='label_values(presscanary_target_info{job=~"$job", instance=~"$instance"}, target)',
)
CHOOSE_URL = Variable(
    name="url",
    label="URL",
    query='label_values(presscanary_target_url_info{job=~"$job", instance=~"$instance", target=~"$target"}, url)',
)
CHOOSE_NETWORK = Variable(
    name="network",
    label="Network",
    query='label_values(presscanary_network_vantage_points{job=~"$job", instance=~"$instance"}, network)',
)
CHOOSE_COUNTRY = Variable(
    name="country",
    label="Country",
    query='label_values(presscanary_network_vantage_points{job=~"$job", instance=~"$instance"}, country)',
)


def state_of(family: str, label: str, words: Mapping[int, tuple[str, str]], by: str, where: str = OURS) -> str:
    """PromQL that folds a state set into one number per series, by the numbers of `words`.

    >>> state_of("x_state", "state", {0: ("ok", ""), 1: ("down", "")}, "target", 'job="a"')
    'sum by (target) (x_state{job="a", state="ok"} * 0 or x_state{job="a", state="down"} * 1)'
    """
    parts = (f'{family}{{{where}, {label}="{word}"}} * {number}' for number, (word, _) in words.items())
    return f"sum by ({by}) ({' or '.join(parts)})"
