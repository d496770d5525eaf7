"""The shape of the file, section by section: what may stand where. The JSON Schema that editors use is made from it."""

from __future__ import annotations

import typing
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model, model_validator

from monitor.config.alerting import AlertsPart
from monitor.config.collecting import CollectorPart
from monitor.config.comparing import ExperimentsPart
from monitor.config.part import Part, or_empty
from monitor.config.proxying import ProxyAt, WayKind
from monitor.config.values import (
    Address,
    Cited,
    Country,
    Date,
    Duration,
    Folder,
    Id,
    Network,
    Resolver,
    Seconds,
    Server,
    Size,
    Text,
    Url,
    Zone,
    wrong,
)
from monitor.config.visiting import WebPart
from monitor.detect.settings import DetectorSettings
from probes.model import Limits
from probes.proxied import SPEECHES

ClaimKind: TypeAlias = Literal[
    "blocked",
    "unblocked",
    "extended",
    "ordered",
    "threatened",
    "court_upheld",
    "court_annulled",
    "not_enforced",
    "look_alike",
]
Precision: TypeAlias = Literal["year", "month", "day", "minute", "unknown"]
MilestoneKind: TypeAlias = Literal[
    "law", "investigation", "lawsuit", "ruling", "notice", "detention", "raid", "policy", "statement"
]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class TargetPart(Part):
    """Something that is watched, under an id that stays when its addresses change."""

    id: Id
    urls: Annotated[list[Url], Field(min_length=1, description="What is fetched, each measured for itself.")]
    name: str = Field(default="", description="For people.")
    category: str = Field(default="", description="A word to group by, such as media or platform.")
    why: str = Field(default="", description="Why it is watched, in a sentence.")
    mirrors: list[Url] = Field(
        default=[], description="Other addresses of the same site. Keep those that are not public in a private file."
    )
    sensitive: bool = Field(default=False, description="Visiting it can put the operator of a vantage point at risk.")
    innocuous: bool = Field(
        default=False, description="Nobody blocks it: it tells whether the vantage point itself works."
    )


class VantagePart(Part):
    """A place to measure from: coarse on purpose, so that it never identifies the person who runs it."""

    id: Id
    kind: WayKind = Field(default="local", description="How it reaches the network.")
    role: Literal["vantage", "control"] = Field(default="vantage", description="control: a place where no censor sits.")
    country: Country = Field(default="ZZ", description="ISO 3166-1 alpha-2; ZZ where unknown.")
    network: Network = Field(default="AS0", description="Autonomous system; AS0 where unknown.")
    source_address: Address | None = Field(
        default=None, description="Measure from this address of the machine; never stored."
    )
    interface: Text | None = Field(
        default=None, description="Measure through this interface of the machine; never stored."
    )
    namespace: Text | None = Field(
        default=None, description="Measure inside this network namespace of the machine (ip-netns(8)); never stored."
    )
    proxy: ProxyAt | None = Field(
        default=None, description="Measure through this proxy (kind: socks5 or http_proxy); never stored."
    )
    veto: list[Id] = Field(
        default=[], description="Targets that this vantage point never measures, as its operator wishes."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.kind in SPEECHES) is (self.proxy is None):
            raise wrong(
                f"a vantage point of the kind {self.kind!r}", "`proxy`, with socks5 or http_proxy and only there"
            )
        return self


class DoHPart(Part):
    """A DNS-over-HTTPS server, reached by a pinned address."""

    url: Url
    address: Address


class DoTPart(Part):
    """A DNS-over-TLS server, reached by a pinned address under the name that its certificate must have."""

    name: Text
    address: Address
    port: int = Field(default=853, ge=1, le=65535)


class ResolversPart(Part):
    """Whom to ask beside the system's resolver; ~ switches one off."""

    udp: Resolver | None = Field(default="9.9.9.9", description="A public resolver, asked over UDP.")
    doh: DoHPart | None = DoHPart(url="https://dns.google/dns-query", address="8.8.8.8")
    dot: DoTPart | None = None


class SchedulePart(Part):
    """How often each target is measured from each vantage point."""

    interval: Duration = Field(default=timedelta(minutes=10), description="At least 1m; under 5m burdens small sites.")
    concurrency: int = Field(default=8, ge=1, le=256, description="Measurements that run at the same time.")
    targets: dict[str, Duration] = Field(default={}, description="Another interval for single targets, by id.")
    vantage_points: dict[str, Duration] = Field(
        default={}, description="Another interval for single vantage points, by id."
    )


class SourcePart(Part):
    """Who says so, and what they say, in our words."""

    url: Annotated[
        Cited, Field(description="A web address, git:owner/repository@commit and a path, or doc: and a name.")
    ]
    tier: str = Field(default="", description="outlet, rferl, cpj, press, ngo, court, dataset …")
    says: str = ""
    date: Date | None = Field(default=None, description="What this source says, where it is not the claim's own date.")


class ProviderPart(Part):
    """What the sources of a claim say of one provider."""

    name: Text
    state: Literal["blocked", "not_blocked"] = "blocked"
    networks: list[Network] = Field(
        default=[], description="Its autonomous systems; with them, this becomes a claim of its own."
    )
    date: Date | None = Field(default=None, description="Where it is not the claim's own.")


class ClaimPart(Part):
    """A documented date: somebody's statement, with its source, precision and disagreements; never the truth."""

    id: Id
    target: Annotated[
        list[Id],
        Field(min_length=1, description="A target's id, or a list of them where one statement speaks of several."),
        BeforeValidator(_as_list),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
    ]
    country: Country
    kind: ClaimKind
    date: Date | None = Field(default=None, description="As documented, no more precise than it was.")
    precision: Precision | None = Field(default=None, description="By default as the date is written.")
    timezone: Zone | None = Field(default=None, description="Of this claim's dates; by default the file's.")
    interval: Annotated[list[Date], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="First and last local day, or time, on which it can have happened; by default the whole date.",
    )
    weight: Literal["strong", "weak", "none"] = Field(
        default="none", description="How far a detector may be scored against it."
    )
    term: Date | None = Field(default=None, description="Last day of the time for which it was ordered.")
    networks: list[Network] = Field(default=[], description="Where the statement speaks of certain networks only.")
    providers: list[ProviderPart] = Field(default=[], description="What is said of single providers.")
    sources: Annotated[list[SourcePart], Field(min_length=1)]
    disagreements: list[Text] = Field(default=[])
    note: str = ""


class MilestonePart(Part):
    """A date of law and courts, drawn beside the measurements and never compared with them."""

    date: Date
    kind: MilestoneKind
    short: Text
    precision: Precision | None = None
    sources: Annotated[list[Cited], Field(min_length=1)]
    disagreement: str = ""


class StorePart(Part):
    """Where measurements are kept."""

    path: Folder | None = Field(default=None, description="A folder, relative to this file; --data-dir goes before it.")
    measurements: Server | None = Field(
        default=None, description="A ClickHouse or PostgreSQL for the measurements, in place of the folder."
    )
    state: Server | None = Field(
        default=None, description="A PostgreSQL for events and health; without it they stay in the folder."
    )
    seal_after: Duration = Field(
        default=timedelta(days=14), description="Months are sealed into Parquet files when they ended so long ago."
    )
    ok_documents: int = Field(
        default=10,
        ge=1,
        description="Of the raw documents of ok results in quiet times one in so many is kept; 1: all.",
    )
    raw: Duration | None = Field(default=None, description="How long single results are kept; for ever by default.")
    hourly: Duration | None = Field(default=None, description="How long hourly counts are kept; at least as raw.")
    daily: Duration | None = Field(default=None, description="How long daily counts are kept; at least as raw.")
    limit: Size | None = Field(default=None, description="Above this size the store says that it is over its limit.")

    @model_validator(mode="after")
    def _counts_outlive_rows(self) -> Self:
        for name, span in (("hourly", self.hourly), ("daily", self.daily)):
            if span is not None and (self.raw is None or span < self.raw):
                raise wrong(
                    f"{name} counts would end before the results that they count", f"{name} at least as long as raw"
                )
        return self

    @model_validator(mode="after")
    def _folders_alone_forget(self) -> Self:
        found = [name for name in ("raw", "hourly", "daily", "limit") if getattr(self, name) is not None]
        if self.measurements and found:
            raise wrong(
                f"{' and '.join(found)} beside `measurements`: old results on a server are not removed by presscanary",
                "neither; docs/how-to/scale.md says how the server itself forgets",
            )
        return self


def _parameters(name: str, record: type[Any], number: Any) -> type[Part]:
    # A new field of the record needs no edit here; a field of a new type fails at once, in every test.
    pair = Annotated[list[number], Field(min_length=2, max_length=2)]
    kinds = {
        timedelta: Duration,
        float: number,
        int: Annotated[int, Field(ge=0)],
        bool: bool,
        tuple[float, float]: pair,
    }
    hints = typing.get_type_hints(record)
    keys: Any = {each.name: (kinds[hints[each.name]] | None, None) for each in fields(record)}
    return create_model(name, __base__=Part, __doc__=(record.__doc__ or "").split("\n\n")[0], **keys)


_SPARSE = BeforeValidator(or_empty)


class FilePart(Part):
    """targets.yaml: what is watched, from where, how often, and what is documented about it."""

    targets: Annotated[list[TargetPart], Field(min_length=1)]
    vantage_points: Annotated[list[VantagePart], Field(min_length=1)] = Field(default=[VantagePart(id="here")])
    resolvers: Annotated[ResolversPart, _SPARSE] = ResolversPart()
    schedule: Annotated[SchedulePart, _SPARSE] = SchedulePart()
    experiments: Annotated[ExperimentsPart, _SPARSE] = ExperimentsPart()
    limits: Part = Part()
    detection: Part = Part()
    timezone: Zone = Field(default="Asia/Bishkek", description="Of all dates below that carry no zone of their own.")
    documented: list[ClaimPart] = Field(default=[])
    milestones: list[MilestonePart] = Field(default=[])
    alerts: Annotated[AlertsPart, _SPARSE] = AlertsPart()
    store: Annotated[StorePart, _SPARSE] = StorePart()
    web: Annotated[WebPart, _SPARSE] = WebPart()
    collector: Annotated[CollectorPart, _SPARSE] = CollectorPart()
    simulated: bool = Field(
        default=False, description="Nothing in this file is real, and everything made with it says so."
    )


_LIMITS = _parameters("LimitsPart", Limits, Seconds)
_DETECTION = _parameters("DetectionPart", DetectorSettings, float)
_RECORDS: Any = {
    "limits": (Annotated[_LIMITS, _SPARSE], _LIMITS()),
    "detection": (Annotated[_DETECTION, _SPARSE], _DETECTION()),
}
File: type[FilePart] = create_model("File", __base__=FilePart, __doc__=FilePart.__doc__, **_RECORDS)
"""The file with the parts that are made from the records of other rooms."""
