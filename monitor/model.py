"""The words of understanding: what measurements mean. Every record that crosses a room's wall is defined here.

A type belongs here when two rooms speak of it; a type used in one room lives in that room. All times are aware UTC
datetimes; records carry the ids of what they came from, so that an alert is walked back to packets by reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from probes.model import Datagram, Failure, Role

_LATER = {"omitted": "default"}
"""Marks fields that came after documents had been hashed: at their default they are left out (probes.document)."""


class State(StrEnum):
    """What a measurement says of a target there and then; `insufficient` is never to be read as `ok`."""

    OK = "ok"
    DOWN = "down"
    BLOCKED = "blocked"
    INSUFFICIENT = "insufficient"


class Layer(StrEnum):
    """Where it showed (not where it was done)."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"


class Locus(StrEnum):
    """Who made the difference, as far as the evidence goes."""

    NETWORK = "network"
    SERVER_SIDE = "server_side"
    UNKNOWN = "unknown"


class Evidence(StrEnum):
    """How much a failure proves: an artefact is something that only a censor (or a liar) leaves behind."""

    NONE = "none"
    ARTEFACT = "artefact"
    AMBIGUOUS = "ambiguous"
    SERVER_ANSWER = "server_answer"


class Health(StrEnum):
    """Whether a vantage point can be believed at all."""

    HEALTHY = "healthy"
    SICK = "sick"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Bearing(StrEnum):
    """What an experiment says of the failure that it was made for: an accusation, an excuse, or neither."""

    DECISIVE = "decisive"
    """The comparison by itself shows that the network, and not the site, makes the difference."""
    EXONERATING = "exonerating"
    """What nobody blocks fails there as well: trouble on the way, not a block of this target."""
    NONE = "none"


class EventKind(StrEnum):
    """What an event is about: a target that is blocked, or a whole network that stopped reporting."""

    BLOCKING = "blocking"
    OFFLINE = "network offline"


class Tier(StrEnum):
    """How sure an event is (DESIGN §3)."""

    SUSPECTED = "suspected"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Scope(StrEnum):
    """Whose page a fingerprint is of."""

    NATIONAL = "national"
    """A notice that a whole country's networks show."""
    ISP = "isp"
    PRODUCT = "product"
    """A filter's own page, whoever runs it."""
    RECURRING = "recurring"
    """A page that nobody has named yet, seen in the place of unrelated sites."""
    INSTITUTION = "institution"
    """A school's or company's, whose users may have agreed to it."""
    VAGUE = "vague"
    """Words that block pages use, and others too."""
    PARKED = "parked"
    """What a seller of names shows where no site is any more."""
    FALSE_POSITIVE = "false_positive"
    """A page that looks like a notice and is none: a match speaks against blocking."""


class Place(StrEnum):
    """Where a fingerprint is looked for."""

    HOST = "host"
    """The host that a redirect leads to, or that a page came from."""
    LOCATION = "location"
    """The URL that a redirect leads to."""
    BODY = "body"
    SHA256 = "sha256"
    """Of the whole body (hex)."""
    ADDRESS = "address"
    """An address, or alias, that a resolver gives in the place of the site's."""


class Manner(StrEnum):
    """How a fingerprint's pattern is compared."""

    FULL = "full"
    PREFIX = "prefix"
    CONTAINS = "contains"
    REGEXP = "regexp"


class Standing(StrEnum):
    """How most control vantage points stand to what was seen here; a tie is no majority, no control never contrary."""

    AGREE = "agree"
    CONTRARY = "contrary"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One HTTP response as far as responses are compared, here or at a control vantage point."""

    url: str
    status: int
    protocol: str = ""
    headers: tuple[str, ...] = ()
    """Names in lower case, each once, sorted; values differ from answer to answer and prove nothing."""
    location: str = ""
    """Where a redirect leads, resolved against `url`; empty where there is none."""
    title: str | None = None
    length: int | None = None
    """Bytes of the whole body; None where it was not read to its end."""
    sha256: str | None = None
    kept: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One page or address that is known: what it looks like, whose it is, where it was seen, and who says so."""

    id: str
    scope: Scope
    place: Place
    pattern: str
    source: str
    manner: Manner = Manner.FULL
    countries: tuple[str, ...] = ()
    """Where it was seen (ISO 3166-1 alpha-2), with the countries whose traffic passes there; empty: not told."""
    networks: tuple[str, ...] = ()
    """Autonomous systems where it was seen; empty: any of those countries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFacts:
    """What the control vantage points saw of one thing; each of them counts once, whatever it saw."""

    total: int = 0
    """Control vantage points that measured the URL at all."""
    ok: int = 0
    """… of those, the ones that looked at this very thing and found it working …"""
    failed: int = 0
    """… and the ones that looked and found it failing."""
    failures: tuple[str, ...] = ()
    """Their words, sorted, one per failing control."""
    addresses: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    """SHA-256 (hex) of the leaf certificates that they were shown and could verify."""
    pages: tuple[Page, ...] = ()
    goodputs: tuple[float, ...] = ()
    """Bytes a second, sorted, at which answers came to their end where that was noted (http)."""

    @property
    def asked(self) -> int:
        """How many control vantage points looked at this very thing."""
        return self.ok + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One flat fact at one layer, beside the controls' facts about the same thing.

    The same thing is the same name and type (dns), the same address and port (tcp, and tls with the same server name),
    or the same hop of the redirect chain (http). `whole` marks the one that speaks of the walk from the URL to the end.
    """

    measurement: str
    layer: Layer
    hop: int
    subject: str
    """The name, `address:port` or URL that this is about."""
    failure: Failure = None
    control: ControlFacts = field(default_factory=ControlFacts)
    whole: bool = False
    step: int | None = None
    """Index into the measurement's steps."""
    reached: bool = True
    """Of the whole: False where nobody answered anything, as from a vantage point without an uplink."""
    late: bool = False
    """Of the whole: the prober itself was so late that its time-outs say nothing."""
    engine: str = ""
    query_type: str = ""
    rcode: int | None = None
    addresses: tuple[str, ...] = ()
    """What the name was answered with; at the other layers the one address that was dialled."""
    datagrams: tuple[Datagram, ...] = ()
    screened: str = ""
    """Why this address was, on purpose, never dialled."""
    server_name: str = ""
    certificate: str | None = None
    """SHA-256 (hex) of the leaf that was shown."""
    self_signed: bool | None = None
    """True where the leaf names itself as its issuer; None where it cannot be read."""
    page: Page | None = None
    arrivals: tuple[tuple[float, int], ...] = ()
    """How an answer came in, where that was noted: seconds since the request, and bytes that were there by then."""
    lasted: float = 0.0
    """Seconds that the step took."""

    @property
    def standing(self) -> Standing:
        """Whether most controls that looked saw the same (working or failing) or the contrary; a tie is neither."""
        if self.control.ok == self.control.failed:
            return Standing.NONE
        works_there, works_here = self.control.ok > self.control.failed, self.failure is None
        return Standing.AGREE if works_there is works_here else Standing.CONTRARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One measurement's meaning under one version of the rules; it can be recomputed from the stored facts."""

    measurement: str
    state: State
    rule_id: str
    layer: Layer | None = None
    technique: str | None = None
    """`layer.action.qualifier` (docs/reference/techniques.md); the deepest node that the evidence supports."""
    locus: Locus = Locus.UNKNOWN
    evidence: Evidence = Evidence.NONE
    failure: Failure = None
    controls_agree: int = 0
    """k: control vantage points whose result agrees with the verdict …"""
    controls_total: int = 0
    """… of n that were asked about the same URL in the same window."""
    ruleset: str = ""
    also: tuple[str, ...] = ()
    """Techniques seen at other layers of the same measurement: a name may be forged and its handshakes reset, too."""
    ipv4: State | None = None
    """What connections and handshakes at the site's IPv4 addresses alone say; None where none was dialled …"""
    ipv6: State | None = None
    """… and at its IPv6 addresses: a place without IPv6 makes that `insufficient`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds that the deciding path took per phase; None where the phase never happened."""

    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One measurement and its verdict as one flat row: what series, tables, metrics and pages are made of."""

    measurement: str
    time: datetime
    target: str
    url: str
    vantage: str
    country: str
    network: str
    role: Role
    innocuous: bool
    verdict: Verdict
    timings: Timings = field(default_factory=Timings)
    status: int | None = None
    certificate_expiry: datetime | None = None
    protocol: str = ""
    tls_version: str = ""
    body_length: int | None = None
    redirects: int = 0
    simulated: bool = False
    vantage_kind: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One experiment and what it showed, as one flat row; it says what a failure hangs on, never that there is one.

    It can be recomputed from the stored facts, and it is no visit: nobody counts it as ok or as blocked.
    """

    measurement: str
    kind: str
    time: datetime
    target: str
    url: str
    vantage: str
    country: str
    network: str
    role: Role
    rule_id: str
    why: str
    """One sentence for people."""
    bearing: Bearing = Bearing.NONE
    technique: str | None = None
    layer: Layer | None = None
    locus: Locus = Locus.UNKNOWN
    simulated: bool = False
    ruleset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest outcome of one URL of a target at a vantage point, and since when its state has been the same."""

    outcome: Outcome
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageStatus:
    """A vantage point as the innocuous targets and its newest results show it."""

    vantage: str
    country: str
    network: str
    role: Role
    health: Health
    why: str
    last_seen: datetime | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Target x vantage point x a stretch of time, with counts; `start` and `end` are its first and last measurement."""

    target: str
    country: str
    network: str
    vantage: str
    start: datetime
    end: datetime
    ok: int = 0
    down: int = 0
    blocked: int = 0
    insufficient: int = 0
    role: Role = Role.VANTAGE
    innocuous: bool = False
    pooled: bool = False
    """True where many strangers' rows stand under one name (crowd-sourced history): it counts as one vantage point."""
    layer: Layer | None = None
    technique: str | None = None
    locus: Locus = Locus.UNKNOWN
    evidence: Evidence = Evidence.NONE
    """Of the blocked measurements in the cell: the strongest."""
    controls_agree: int = 0
    controls_total: int = 0
    witnesses: tuple[str, ...] = ()
    """Ids of the measurements that were blocked."""
    simulated: bool = False
    source: str = ""
    """Where an imported series came from; empty for our own measurements."""
    decisive: int = field(default=0, metadata=_LATER)
    """Experiments beside these measurements that showed the network to make the difference …"""
    exonerating: int = field(default=0, metadata=_LATER)
    """… and those that showed what nobody blocks to fail as well; measurements so excused are `insufficient`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Counts per target, network and UTC day: what coverage is computed from."""

    target: str
    country: str
    network: str
    day: date
    ok: int = 0
    down: int = 0
    blocked: int = 0
    insufficient: int = 0


Interval: TypeAlias = tuple[datetime | None, datetime]
"""[earliest, latest]; earliest is None where nothing was seen before (it may have begun at any earlier time)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpan:
    """An event's part on one network."""

    network: str
    onset: Interval
    end: Interval | None
    alarm: datetime
    technique: str | None
    vantage_points: int
    score: float
    """log10 likelihood ratio at its highest."""
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingEvent:
    """A stretch during which a target was blocked in a country: onset and end as intervals, and what proves it."""

    id: str
    target: str
    country: str
    networks: tuple[str, ...]
    onset: Interval
    end: Interval | None
    tier: Tier
    technique: str | None
    locus: Locus
    alarm: datetime
    score: float
    counts: Mapping[str, int]
    """vantage_points, networks, blocked, ok, controls_agree, controls_total, flaps."""
    witnesses: tuple[str, ...]
    spans: tuple[NetworkSpan, ...] = ()
    disputed: bool = False
    kind: EventKind = EventKind.BLOCKING
    """Of a network that went offline, `target` is the network's own name, and nobody says that anything is blocked."""
    pushed_with: tuple[str, ...] = ()
    """Other targets that one of these networks began to block within minutes: consistent with one change of its
    rules."""
    retracted: bool = field(default=False, metadata={"formerly": "withdrawn"})
    """True where later data took the event back; it stays in the record, and nobody should count it."""
    simulated: bool = False
    revision: int = 1
    detector: str = ""
    ruleset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says so, and what they say."""

    url: str
    tier: str = ""
    says: str = ""
    date: str = ""
    """This source's own date, where it is not the claim's …"""
    interval: tuple[datetime, datetime] | None = None
    """… and the UTC interval that it stands for, the end excluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a claim's sources say of one provider; without a network there is nothing to measure it by."""

    name: str
    state: str
    """blocked, or not_blocked."""
    networks: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A documented date: somebody's statement, never the truth; it keeps its sources, precision and disagreements."""

    id: str
    target: str
    country: str
    kind: str
    """blocked, unblocked, extended, ordered, threatened, court_upheld, court_annulled, not_enforced, look_alike."""
    date: str
    """As documented: a year, month, day or time."""
    precision: str
    interval: tuple[datetime, datetime]
    """When it can have happened, in UTC, the end excluded."""
    weight: str = "none"
    """strong: score the detector against it; weak: blocked during, no onset; none: nothing to be seen on the wire."""
    networks: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    disagreements: tuple[str, ...] = ()
    note: str = ""
    simulated: bool = False
    term: datetime | None = None
    """Where an order named its own end: the first moment after it."""
    providers: tuple[Provider, ...] = ()


class ClaimVerdict(StrEnum):
    """What the measurements say about a claim (DESIGN §6)."""

    SUPPORTED = "supported"
    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Whether the detector would have seen a block on a claim's dates, with the measurements that were made then.

    Shares of imagined blocks that it would have seen in time, and hours from their onset to the alarm (the middle one
    of those seen, None where none was).
    """

    imagined: int
    """Onsets that were tried, spread over the claim's interval."""
    full: float
    """… by blocks that fail every measurement."""
    leaky: float
    """… by blocks that let three in ten through."""
    full_hours: float | None = None
    leaky_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCheck:
    """One claim beside the events: the verdict, how far apart, and on how much data it rests."""

    claim: Claim
    verdict: ClaimVerdict
    why: str
    distance_days: float | None = None
    """Days between the event's edge and the claim's interval; 0 where they overlap, None where there is no event."""
    days_covered: int = 0
    days_asked: int = 0
    measurements: int = 0
    events: tuple[str, ...] = ()
    power: Power | None = None
    """None where nobody computed it: the claim speaks of paper, or no cells were at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScore:
    """How often what one source says agrees with the measurements, over all claims that it stands behind."""

    source: str
    """A host, or the name of what is not on the web."""
    claims: int
    supported: int = 0
    consistent: int = 0
    contradicted: int = 0
    not_testable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """What happened on the wire around an event on paper: a threat, an order, a ruling."""

    claim: str
    finding: str
    """block_followed, blocked_before, no_block_followed; of rulings still_blocked, not_blocked; or not_testable. What
    follows is not said to be caused."""
    why: str
    days: float | None = None
    """From the paper's date to the block's onset: negative where the block came first."""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A declared term beside the block: does the block end when its order does?"""

    claim: str
    ran_out: datetime
    """The first moment after the term."""
    finding: str
    """ended, went_on, not_testable."""
    days: float | None = None
    """Days that the block was seen to go on beyond the term; below 0 where it ended before."""
    lasts: bool = False
    """Whether it still goes on, as far as is known."""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All claims against all events, and what is left over on either side."""

    checks: tuple[ClaimCheck, ...]
    unclaimed: tuple[str, ...] = ()
    """Events that no claim speaks of."""
    unseen: tuple[str, ...] = ()
    """Claims of a block for which no event was found although there was data."""
    simulated: bool = False
    sources: tuple[SourceScore, ...] = ()
    enforcement: tuple[Enforcement, ...] = ()
    terms: tuple[Term, ...] = ()


class Topic(StrEnum):
    """What an alert is about."""

    BLOCKING = "blocking"
    OFFLINE = "offline"
    """A whole network stopped reporting."""
    MONITOR = "monitor"
    """This monitor itself: nothing ran, a letter could not be delivered, a vantage point cannot be believed."""
    TERM = "term"
    """A documented term ran out and the block goes on."""
    CLAIM = "claim"
    """The measurements contradict a documented date."""
    COVERAGE = "coverage"
    """So little is measured of a network that a block could not be seen there."""


class Stage(StrEnum):
    """Where a story stands; it never falls back, except that a block may return after its end."""

    SUSPECTED = "suspected"
    LIKELY = "likely"
    CONFIRMED = "confirmed"
    EXTENDED = "extended"
    """More networks, another technique, or blocked again: only said to those who were told before."""
    RECOVERING = "recovering"
    """It seems to be over and is still watched: said to nobody."""
    ENDED = "ended"
    RETRACTED = "retracted"
    """We were wrong: said to everybody who was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One numbered revision of a story, with every fact that its text needs and nothing of who measured it."""

    story: str
    """Of an event its id: what messages about it are threaded by."""
    revision: int
    stage: Stage
    topic: Topic = Topic.BLOCKING
    tier: Tier = Tier.LIKELY
    target: str = ""
    """The target's id; empty where the story is about none."""
    hosts: tuple[str, ...] = ()
    """Its bare host names."""
    category: str = ""
    country: str = ""
    networks: tuple[str, ...] = ()
    tested: int = 0
    """Networks of the country in which the target was measured."""
    onset: Interval | None = None
    end: Interval | None = None
    technique: str | None = None
    decisive: int = 0
    """Experiments that showed the network to make the difference."""
    observers: int = 0
    controls_agree: int = 0
    controls_total: int = 0
    flaps: int = 0
    others: int = 0
    """Other targets that one of the networks began to block within minutes."""
    since: datetime
    """When it was first known: the event's alarm."""
    newest: datetime | None = None
    """When the last of its networks was known, where that is later."""
    note: str = ""
    """A code and its values, as the text catalogue knows them: `term 2023-11-12`."""
    simulated: bool = False


class Fate(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    """It waits for somebody's approval."""
    SENT = "sent"
    DEAD = "dead"
    """Given up: refused by the other side, or tried too often."""
    WITHHELD = "withheld"
    """Not sent on purpose; `note` says why."""
    SUPERSEDED = "superseded"
    """Something newer about the same story took its place before it left."""


class Form(StrEnum):
    """What kind of message a delivery is."""

    NEWS = "news"
    DIGEST = "digest"
    TEST = "test"
    ESCALATION = "escalation"
    """Somebody else was told and said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one address: what it tells, when it is due, and what became of it."""

    key: str
    """The same message has the same key, however often it is planned or sent."""
    recipient: str
    address: str
    """The name of one of the recipient's addresses; never the address itself."""
    alerts: tuple[Alert, ...]
    created: datetime
    due: datetime
    form: Form = Form.NEWS
    fate: Fate = Fate.WAITING
    quiet: bool = False
    """An update that need not ring: it edits or follows an earlier message where the channel can."""
    attempts: int = 0
    changed: datetime | None = None
    note: str = ""
    receipt: str = ""
    """What the other side calls the message."""


class Said(StrEnum):
    """What a person says of alerts."""

    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    UNMUTED = "unmuted"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What a person said, about which story, delivery, target, network, country or recipient."""

    id: str
    said: Said
    subject: str
    """`event:ID`, `delivery:KEY`, `target:ID`, `network:AS1`, `country:KG`, `recipient:NAME` or `all`."""
    by: str
    at: datetime
    until: datetime | None = None
    note: str = ""
