"""What the schema of CAP 1.2 asks of a message: names, order, how often, words and forms of values.

Written from the specification (OASIS Standard, 1 July 2010, appendix A and §3.2); the schema's own file is not ours to
carry along.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
NAME = re.compile(r"[^\s,<&]+")
ANY = re.compile(r"(?s).*")
ONE, MAYBE, MANY, SOME = (1, 1), (0, 1), (0, 1000), (1, 1000)


def words(*allowed):
    """A value that is one of these."""
    return re.compile("|".join(map(re.escape, allowed)))


ALERT = {
    "identifier": (ONE, NAME),
    "sender": (ONE, NAME),
    "sent": (ONE, TIME),
    "status": (ONE, words("Actual", "Exercise", "System", "Test", "Draft")),
    "msgType": (ONE, words("Alert", "Update", "Cancel", "Ack", "Error")),
    "source": (MAYBE, ANY),
    "scope": (ONE, words("Public", "Restricted", "Private")),
    "restriction": (MAYBE, ANY),
    "addresses": (MAYBE, ANY),
    "code": (MANY, ANY),
    "note": (MAYBE, ANY),
    "references": (MAYBE, re.compile(r"[^\s,]+,[^\s,]+,[^\s,]+( [^\s,]+,[^\s,]+,[^\s,]+)*")),
    "incidents": (MAYBE, ANY),
    "info": (MANY, None),
}
INFO = {
    "language": (MAYBE, re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")),
    "category": (
        SOME,
        words(
            "Geo",
            "Met",
            "Safety",
            "Security",
            "Rescue",
            "Fire",
            "Health",
            "Env",
            "Transport",
            "Infra",
            "CBRNE",
            "Other",
        ),
    ),
    "event": (ONE, ANY),
    "responseType": (
        MANY,
        words("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"),
    ),
    "urgency": (ONE, words("Immediate", "Expected", "Future", "Past", "Unknown")),
    "severity": (ONE, words("Extreme", "Severe", "Moderate", "Minor", "Unknown")),
    "certainty": (ONE, words("Observed", "Likely", "Possible", "Unlikely", "Unknown")),
    "audience": (MAYBE, ANY),
    "eventCode": (MANY, None),
    "effective": (MAYBE, TIME),
    "onset": (MAYBE, TIME),
    "expires": (MAYBE, TIME),
    "senderName": (MAYBE, ANY),
    "headline": (MAYBE, ANY),
    "description": (MAYBE, ANY),
    "instruction": (MAYBE, ANY),
    "web": (MAYBE, ANY),
    "contact": (MAYBE, ANY),
    "parameter": (MANY, None),
    "resource": (MANY, None),
    "area": (MANY, None),
}
PAIR = {"valueName": (ONE, ANY), "value": (ONE, ANY)}
AREA = {
    "areaDesc": (ONE, ANY),
    "polygon": (MANY, ANY),
    "circle": (MANY, ANY),
    "geocode": (MANY, None),
    "altitude": (MAYBE, ANY),
    "ceiling": (MAYBE, ANY),
}
INSIDE = {"info": INFO, "parameter": PAIR, "eventCode": PAIR, "geocode": PAIR, "area": AREA}


def faults(text):
    """Everything in which a message differs from the schema."""
    root = ET.fromstring(text)
    if root.tag != f"{NAMESPACE}alert":
        return [f"the root is {root.tag}"]
    found = list(_inside(root, ALERT))
    scope = root.findtext(f"{NAMESPACE}scope")
    if scope == "Restricted" and root.find(f"{NAMESPACE}restriction") is None:
        found.append("a restricted message says no restriction")
    if root.findtext(f"{NAMESPACE}msgType") in ("Update", "Cancel") and root.find(f"{NAMESPACE}references") is None:
        found.append("an update refers to nothing")
    return found


def _inside(element, known):
    names = [child.tag.removeprefix(NAMESPACE) for child in element]
    order = list(known)
    if unknown := [name for name in names if name not in known]:
        yield f"{element.tag} holds {unknown}"
        return
    if [order.index(name) for name in names] != sorted(order.index(name) for name in names):
        yield f"{element.tag} is out of order: {names}"
    for name, ((least, most), form) in known.items():
        if not least <= names.count(name) <= most:
            yield f"{element.tag} holds {names.count(name)} of {name}"
        for child in element.findall(f"{NAMESPACE}{name}"):
            if form is None:
                yield from _inside(child, INSIDE[name])
            elif not form.fullmatch(child.text or ""):
                yield f"{name} is {child.text!r}"
