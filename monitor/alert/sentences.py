"""The sentences of a message, one function each: facts in, cautious words in the recipient's language out."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.alert import phrases
from monitor.alert.tongue import Tongue, defanged, plain
from monitor.model import Alert, Stage, Topic

_NAMES = 12
"""Names that one message lists; the others are counted."""


def subject(alerts: Sequence[Alert], tongue: Tongue) -> str:
    """What it is, of what, where: the line that people see first."""
    _, first = tongue.words, alerts[0]
    words = _(phrases.label(first.topic, first.stage, first.note))
    about = names(alerts, tongue) if any(alert.hosts for alert in alerts) else ", ".join(_listed(first.networks))
    parts = [part for part in (about, country(first, tongue)) if part]
    line = f"{words}: {', '.join(parts)}" if parts else words
    simulated = _("SIMULATED")
    return f"[{simulated}] {line}" if first.simulated else line


def names(alerts: Sequence[Alert], tongue: Tongue) -> str:
    """The sites that alerts are about, so written that no program makes links of them; many are counted."""
    hosts = list(dict.fromkeys(defanged(host) for alert in alerts for host in alert.hosts))
    shown = ", ".join(hosts[:_NAMES])
    rest = len(hosts) - _NAMES
    more = tongue.number("and %(count)d more", "and %(count)d more", rest) % {"count": rest} if rest > 0 else ""
    return f"{shown} {more}".strip()


def country(alert: Alert, tongue: Tongue) -> str:
    """The country's name, or its code where we have no word for it."""
    return tongue.words(phrases.COUNTRIES.get(alert.country, plain(alert.country)))


def where(alert: Alert, tongue: Tongue) -> str:
    """On how many of the networks that were tested, and on which."""
    text = tongue.number(
        "Fails on %(count)d of %(tested)d network tested (%(networks)s).",
        "Fails on %(count)d of %(tested)d networks tested (%(networks)s).",
        alert.tested,
    )
    networks = ", ".join(_listed(alert.networks))
    return text % {"count": len(alert.networks), "tested": alert.tested, "networks": networks}


def began(alert: Alert, tongue: Tongue) -> str:
    """The onset, as the interval that it is."""
    _ = tongue.words
    if alert.onset is None:
        return ""
    text = _("Began before %(when)s.") if alert.onset[0] is None else _("Began between %(when)s.")
    return text % {"when": tongue.interval(alert.onset)}


def ended(alert: Alert, tongue: Tongue) -> str:
    """The end, as the interval that it is."""
    _ = tongue.words
    if alert.end is None:
        return ""
    text = _("Worked again by %(when)s.") if alert.end[0] is None else _("Began to work again between %(when)s.")
    return text % {"when": tongue.interval(alert.end)}


def how(alert: Alert, tongue: Tongue) -> str:
    """What the failures are consistent with."""
    _ = tongue.words
    found = phrases.technique(alert.technique or "")
    if not found:
        return _("What was seen is consistent with blocking; by which technique is not known.")
    return _("Consistent with blocking: %(technique)s.") % {"technique": _(found)}


def proof(alert: Alert, tongue: Tongue) -> str:
    """What experiments showed, where there were any."""
    if not alert.decisive:
        return ""
    text = tongue.number(
        "%(count)d comparison shows that the network makes the difference.",
        "%(count)d comparisons show that the network makes the difference.",
        alert.decisive,
    )
    return text % {"count": alert.decisive}


def controls(alert: Alert, tongue: Tongue) -> str:
    """From how many of the control vantage points it works."""
    _ = tongue.words
    if not alert.controls_total:
        return _("No control point was asked.")
    counts = {"agree": alert.controls_agree, "total": alert.controls_total}
    return _("Control points elsewhere that reach it: %(agree)d of %(total)d.") % counts


def observers(alert: Alert, tongue: Tongue) -> str:
    """Whether one or several vantage points say so; never which, and never how many of one network."""
    _ = tongue.words
    if alert.observers >= 2:
        return _("Seen by at least two independent vantage points.")
    return _("Seen by one vantage point only.")


def sure(alert: Alert, tongue: Tongue) -> str:
    """How sure it is, and what that means."""
    return tongue.words(phrases.TIERS[alert.tier])


def before(alert: Alert, tongue: Tongue) -> str:
    """How this follows what the recipient was told before."""
    _ = tongue.words
    if alert.stage is not Stage.EXTENDED:
        return ""
    if alert.note == "again":
        return _("It had worked again, and now fails anew.")
    return _("This updates what we told you before.")


def pauses(alert: Alert, tongue: Tongue) -> str:
    """How often it paused, where it did."""
    text = tongue.number("It paused %(count)d time.", "It paused %(count)d times.", alert.flaps)
    return text % {"count": alert.flaps} if alert.flaps else ""


def together(alerts: Sequence[Alert], tongue: Tongue) -> str:
    """What it may mean that several begin at once."""
    first = alerts[0]
    if first.topic is not Topic.BLOCKING or first.stage in (Stage.ENDED, Stage.RETRACTED):
        return ""
    if len(alerts) < 2:
        return _beside(first, tongue)
    _ = tongue.words
    return _("Several sites changed on the same networks within minutes: consistent with one change of their rules.")


def _beside(alert: Alert, tongue: Tongue) -> str:
    text = tongue.number(
        "%(count)d other site began to fail on the same networks within minutes: consistent with one change of their "
        "rules.",
        "%(count)d other sites began to fail on the same networks within minutes: consistent with one change of their "
        "rules.",
        alert.others,
    )
    return text % {"count": alert.others} if alert.others else ""


def back(alerts: Sequence[Alert], tongue: Tongue) -> str:
    """The retraction: as plain as what it takes back."""
    _, first = tongue.words, alerts[0]
    about = names(alerts, tongue)
    told = (
        _("We told you that %(about)s is likely offline.") % {"about": ", ".join(_listed(first.networks))}
        if first.topic is Topic.OFFLINE
        else _("We told you of a block of %(about)s.") % {"about": about}
    )
    return f"{told} " + _(
        "Later measurements do not support it, and we take it back. Please tell everybody to whom you passed it on."
    )


def offline(alert: Alert, tongue: Tongue) -> str:
    """A network that stopped reporting: nobody says that anything is blocked."""
    _ = tongue.words
    about = {"network": ", ".join(_listed(alert.networks))}
    if alert.stage is Stage.ENDED:
        return _("Reports come from %(network)s again.") % about
    return (
        _("Reports stopped coming from %(network)s, while others still report.") % about
        + " "
        + _("It may be an outage, a shutdown, or trouble of our own; it says nothing about single sites.")
    )


def noticed(alert: Alert, tongue: Tongue) -> str:
    """What the monitor noticed beside events: its note's code says what, and its values go into the sentence."""
    _, (code, *values) = tongue.words, alert.note.split(" ")
    about = {"hosts": names([alert], tongue), "networks": ", ".join(_listed(alert.networks))}
    match code, values:
        case "term", [day]:
            return _("The term of the order to block %(hosts)s ended on %(day)s. It still fails on %(networks)s.") % {
                **about,
                "day": plain(day),
            }
        case "claim", [name, day]:
            return _("Our measurements contradict a documented date for %(hosts)s (%(day)s; claim %(name)s).") % {
                **about,
                "day": plain(day),
                "name": defanged(name),
            }
        case "coverage", [count]:
            return _(
                "Only %(count)s usable results came from %(networks)s yesterday: a block there could go unseen."
            ) % {**about, "count": plain(count)}
        case "reported", [name] if alert.stage is Stage.ENDED:
            return _("Prometheus no longer reports %(name)s.") % {"name": plain(name)}
        case "reported", [name]:
            return _("Prometheus reports %(name)s since %(when)s.") % {
                "name": plain(name),
                "when": tongue.moment(alert.since),
            }
        case "undelivered", [name]:
            return _("Messages to %(name)s could not be delivered. Look at `presscanary alerts pending`.").replace(
                "`", ""
            ) % {"name": plain(name)}
    since = tongue.moment(alert.since)
    if alert.stage is Stage.ENDED:
        return _("Measurements come in again.")
    return _("Nothing has been measured for a while (told since %(when)s). Until it is, no news is not good news.") % {
        "when": since
    }


def named(alert: Alert, tongue: Tongue) -> str:
    """The story's id and its revision, to ask about."""
    _ = tongue.words
    return _("Event %(story)s, revision %(revision)d.") % {"story": defanged(alert.story), "revision": alert.revision}


def _listed(networks: Sequence[str]) -> list[str]:
    shown = [plain(network) for network in networks[:_NAMES]]
    return [*shown, "…"] if len(networks) > _NAMES else shown
