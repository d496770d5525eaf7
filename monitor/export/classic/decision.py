"""blocking and accessible as the classic analysis decides them: walk the entries, the first that fits speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from monitor.export.classic.difference import Difference, difference
from monitor.export.classic.seen import Control, Entry, Kind, is_loopback
from probes.model import Failure

Blocking: TypeAlias = Literal["dns", "tcp_ip", "http-failure", "http-diff", False] | None
"""False: not blocked; None: the peer could not decide."""
_Word: TypeAlias = Literal["tcp_ip", "http-failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The two keys that people read, and the failure that led to them."""

    blocking: Blocking = None
    accessible: bool | None = None
    failure: Failure = None


def consistency(
    seen: Sequence[Entry], control: Control | None, asn: Mapping[str, int]
) -> Literal["consistent", "inconsistent"] | None:
    """Whether the system resolver's answer for the first hop fits the control's; None where that cannot be judged."""
    lookups = [entry for entry in seen if entry.kind is Kind.DNS and entry.depth == 0]
    if control is None or not control.asked or not lookups:
        return None
    return "consistent" if all(_fits(lookup, control, asn) for lookup in lookups) else "inconsistent"


def _fits(lookup: Entry, control: Control, asn: Mapping[str, int]) -> bool:
    if lookup.failure is not None:
        empty = lookup.failure == "dns_no_answer" and not control.addresses
        return control.dns_failure is not None or empty
    if control.addresses & set(lookup.addresses):
        return True
    networks = {asn[address] for address in control.addresses if address in asn}
    return any(asn.get(address) in networks for address in lookup.addresses)


def decide(seen: Sequence[Entry], control: Control | None, *, inconsistent: bool) -> Decision:
    """The verdict of the first entry that has one; both keys None where none has."""
    found = (decision for entry in seen if (decision := _READ[entry.kind](entry, control)) is not None)
    first = next(found, None)
    if first is None:
        return Decision()
    if inconsistent and not first.accessible:
        return Decision(blocking="dns", accessible=False, failure=first.failure)
    return first


def _http(entry: Entry, control: Control | None) -> Decision | None:
    if entry.failure is not None:
        return _failed(entry, control, control is not None and control.page is None, "http-failure")
    if not entry.final or entry.trip is None:
        return None
    if entry.secure:
        return Decision(blocking=False, accessible=True)
    if control is None:
        return Decision()
    if control.page is None:
        return Decision(blocking="http-diff", accessible=False)
    if difference(entry.trip, control.page).differs:
        return Decision(blocking="http-diff", accessible=False)
    return Decision(blocking=False, accessible=True)


def _tls(entry: Entry, control: Control | None) -> Decision | None:
    place = (*entry.endpoint, entry.server_name)
    shared = control is not None and control.tls.get(place) is not None
    return None if entry.failure is None else _failed(entry, control, shared, "http-failure")


def _tcp(entry: Entry, control: Control | None) -> Decision | None:
    known = control is not None and entry.endpoint in control.tcp
    shared = control is not None and control.tcp.get(entry.endpoint) is not None
    return None if entry.failure is None else _failed(entry, control, shared, "tcp_ip" if known else "http-failure")


def _failed(entry: Entry, control: Control | None, shared: bool, word: _Word) -> Decision:
    """No control: undecided. The control fails as well: down. Otherwise blocked."""
    if control is None:
        return Decision(failure=entry.failure)
    return Decision(blocking=False if shared else word, accessible=False, failure=entry.failure)


def _dns(entry: Entry, control: Control | None) -> Decision | None:
    if entry.failure is None:
        return _undialled(entry, control)
    if control is None:
        # The peer really says so: a name that fails where the control is away counts as accessible.
        return Decision(blocking=False, accessible=True, failure=entry.failure)
    if entry.name == control.name and control.dns_failure is not None:
        return Decision(blocking=False, accessible=False, failure=entry.failure)
    if entry.name == control.name and entry.failure == "dns_no_answer" and not control.addresses:
        return Decision(blocking=False, accessible=False)
    return Decision(blocking="dns", accessible=False, failure=entry.failure)


def _undialled(entry: Entry, control: Control | None) -> Decision | None:
    """A name that points back at the machine was never dialled: the control tells whether that is its true record.

    The peer dials every special address but loopback, in vain; we dial none of them and read them alike.
    """
    if entry.dialled or control is None or entry.name != control.name or not control.addresses:
        return None
    true_record = bool(control.addresses & set(entry.addresses)) or all(map(is_loopback, control.addresses))
    return Decision(blocking=False if true_record else "dns", accessible=False)


_READ: Mapping[Kind, Callable[[Entry, Control | None], Decision | None]] = {
    Kind.HTTP: _http,
    Kind.TLS: _tls,
    Kind.TCP: _tcp,
    Kind.DNS: _dns,
}


def final_difference(seen: Sequence[Entry], control: Control | None) -> Difference:
    """The http-diff keys of the last answer; all None where there is none, here or at the control."""
    final = next((entry.trip for entry in seen if entry.final and entry.trip), None)
    if final is None or control is None or control.page is None:
        return Difference()
    return difference(final, control.page)
