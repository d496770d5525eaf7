"""One case: which URL is measured, in which internet, under which rules, and what another tool made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from probes.model import DNSLookup, Limits, Measurement, Step, VantagePoint
from probes.network import AddressRange
from probes.testing.cases.hosts import exempt, with_described, with_measured
from probes.testing.cases.manipulations import MANIPULATIONS, Draft
from probes.testing.cases.reading import CaseError, Fields
from probes.testing.censor import Rule
from probes.testing.internet import Internet
from probes.testing.loopback import RESOLVER

LIMITS = Limits(dns=2.0, dns_linger=0.1, tcp=2.0, tls=2.0, http=2.0, total=40.0)
"""Limits that suit the cases: on loopback whatever takes two seconds has been dropped or slowed down."""

ANDROID_NO_DATA = "android_dns_cache_no_data"
"""What a lookup that failed, for any reason, is called on Android (OONI df-007): its resolver tells no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case that is ready to be played, by a lab and the two views of it that `world` names."""

    name: str
    url: str
    internet: Internet
    rules: tuple[Rule, ...]
    """Of the probe's view; the control's has none."""
    vantage: VantagePoint
    resolver: str
    """Logical address of the probe's own resolver."""
    allow: tuple[AddressRange, ...]
    control_reachable: bool
    """False where the probe has to do without any control."""
    android: bool
    """True where the probe runs on a platform on which `on_android` is how its lookups fail."""
    expected: Mapping[str, Any]
    networks: Mapping[str, int]
    """The autonomous system that each address belongs to, as far as the file says."""
    unsupported: str | None = None
    """Why the case cannot be played: a manipulation of a kind that is not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all cases of a file share."""

    internet: Internet
    vantage: VantagePoint
    resolver: str
    networks: Mapping[str, int]


def case_from(keys: Fields, setting: Setting) -> Case:
    """The case that an object of a case file describes; CaseError names the case and the key where it does not."""
    name, url = keys.text("name"), keys.text("input")
    keys.place = f"case {name!r}"
    manipulations = keys.objects("manipulations")
    draft = Draft(internet=with_measured(setting.internet, _host(keys, url), manipulations))
    unknown = [manipulation for manipulation in manipulations if manipulation.text("kind") not in MANIPULATIONS]
    for manipulation in manipulations:
        if manipulation not in unknown:
            draft = MANIPULATIONS[manipulation.text("kind")](draft, manipulation)
    return Case(
        name=name,
        url=url,
        internet=draft.internet,
        rules=draft.rules,
        vantage=setting.vantage,
        resolver=setting.resolver,
        allow=exempt(draft.internet),
        control_reachable=keys.flag("control_reachable", True),
        android=draft.android,
        expected=keys.raw("expected"),
        networks=setting.networks,
        unsupported="; ".join(f"{each.place}: kind {each.text('kind')!r} is not known" for each in unknown) or None,
    )


def _host(keys: Fields, url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as fault:
        raise CaseError(f"{keys.place}: input: {url[:80]!r} is no URL ({fault})") from fault
    if parts.scheme not in ("http", "https") or not host:
        raise CaseError(f"{keys.place}: input: expected an http or https URL, found {url[:80]!r}")
    return host if ":" in host else keys.ascii_name(host, "input")


def setting_from(environment: Fields, world: Internet) -> Setting:
    """What an `environment` says: where the probe stands, whom it asks, and which hosts there are besides."""
    envelope = environment.object("measurement_envelope")
    vantage = VantagePoint(
        id="gallery",
        country=envelope.text("probe_cc", "ZZ"),
        network=envelope.text("probe_asn", "AS0"),
        kind="simulated",
        simulated=True,
    )
    return Setting(
        internet=with_described(world, environment.objects("hosts", required=False)),
        vantage=vantage,
        resolver=envelope.address("resolver_ip") if "resolver_ip" in envelope else RESOLVER,
        networks=environment.numbers("asn_used_by_the_oracle"),
    )


def on_android(measurement: Measurement) -> Measurement:
    """The same measurement as Android would have told it: every failed lookup of the system's resolver has one name."""
    return replace(measurement, steps=tuple(_as_android(step) for step in measurement.steps))


def _as_android(step: Step) -> Step:
    if isinstance(step, DNSLookup) and step.engine == "system" and step.failure is not None:
        return replace(step, failure=ANDROID_NO_DATA)
    return step
