"""What each kind of manipulation in a case file does: to the internet, to the probe's network, or to its platform.

Every entry of the table takes the draft of a case and the manipulation's own keys, and gives the draft as it is then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from probes.testing.cases.reading import Fields
from probes.testing.cases.world import INJECTED_PAGE
from probes.testing.censor import (
    NXDOMAIN,
    Action,
    AddressBlock,
    DNSForgery,
    PayloadBlock,
    Rule,
    SNIBlock,
    Throttle,
)
from probes.testing.internet import Internet


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A case under construction."""

    internet: Internet
    rules: tuple[Rule, ...] = ()
    android: bool = False

    def under(self, rule: Rule) -> Draft:
        """The draft with one more rule on the probe's network."""
        return replace(self, rules=(*self.rules, rule))


Manipulation: TypeAlias = Callable[[Draft, Fields], Draft]


def _spoof_on_the_wire(draft: Draft, keys: Fields) -> Draft:
    """A forged answer beats the true one at every resolver that is asked in clear; an empty list is NXDOMAIN."""
    answers = keys.addresses("answer")
    rcode = 0 if answers else NXDOMAIN
    return draft.under(DNSForgery(names=(keys.name("domain"),), answers=answers, rcode=rcode, where="wire"))


def _remove_at_the_resolver(draft: Draft, keys: Fields) -> Draft:
    return draft.under(DNSForgery(names=(keys.name("domain"),), rcode=NXDOMAIN))


def _replace_at_the_resolver(draft: Draft, keys: Fields) -> Draft:
    return draft.under(DNSForgery(names=(keys.name("domain"),), answers=keys.addresses("answer")))


def _remove_everywhere(draft: Draft, keys: Fields) -> Draft:
    return replace(draft, internet=draft.internet.with_records(keys.name("domain"), None))


def _replace_everywhere(draft: Draft, keys: Fields) -> Draft:
    return replace(draft, internet=draft.internet.with_records(keys.name("domain"), keys.addresses("answer")))


def _name_failures_as_android(draft: Draft, _: Fields) -> Draft:
    return replace(draft, android=True)


def _unroute(draft: Draft, keys: Fields) -> Draft:
    """Nobody owns the address, wherever one asks from."""
    address = keys.address("ip")
    sites = (replace(site, addresses=_without(site.addresses, address)) for site in draft.internet.sites)
    return replace(draft, internet=replace(draft.internet, sites=tuple(sites)))


def _without(addresses: tuple[str, ...], unwanted: str) -> tuple[str, ...]:
    return tuple(address for address in addresses if address != unwanted)


def _refuse(draft: Draft, keys: Fields) -> Draft:
    return draft.under(AddressBlock(address=keys.address("ip"), port=keys.port("port"), action="refuse"))


def _drop(draft: Draft, keys: Fields) -> Draft:
    return draft.under(AddressBlock(address=keys.address("ip"), port=keys.port("port"), action="drop"))


def _slow_down(draft: Draft, keys: Fields) -> Draft:
    """Delay and loss are played by a low rate: that is what they come to for a page of any size."""
    return draft.under(AddressBlock(address=keys.address("ip"), port=keys.port("port"), action=Throttle()))


def _on_payload(action: Action) -> Manipulation:
    def manipulate(draft: Draft, keys: Fields) -> Draft:
        contains = keys.text("contains").encode()
        return draft.under(
            PayloadBlock(contains=contains, address=keys.address("ip"), port=keys.port("port"), action=action)
        )

    return manipulate


def _on_sni(action: Action) -> Manipulation:
    def manipulate(draft: Draft, keys: Fields) -> Draft:
        return draft.under(SNIBlock(names=(keys.name("sni"),), action=action))

    return manipulate


MANIPULATIONS: Mapping[str, Manipulation] = {
    "dns_spoof_udp53": _spoof_on_the_wire,
    "isp_resolver_remove_record": _remove_at_the_resolver,
    "isp_resolver_replace_record": _replace_at_the_resolver,
    "all_resolvers_remove_record": _remove_everywhere,
    "all_resolvers_replace_record": _replace_everywhere,
    "getaddrinfo_always_android_no_data": _name_failures_as_android,
    "address_unrouted": _unroute,
    "tcp_refuse_endpoint": _refuse,
    "tcp_drop_endpoint": _drop,
    "tcp_rst_by_payload": _on_payload("reset"),
    "tcp_fin_by_payload": _on_payload("close"),
    "tcp_drop_by_payload": _on_payload("drop"),
    "http_spoof_blockpage_by_payload": _on_payload(INJECTED_PAGE),
    "tls_rst_by_sni": _on_sni("reset"),
    "tls_fin_by_sni": _on_sni("close"),
    "tls_drop_by_sni": _on_sni("drop"),
    "throttle_by_sni": _on_sni(Throttle()),
    "throttle_endpoint": _slow_down,
}
"""By the name that case files use."""
