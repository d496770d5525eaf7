"""What is documented about the detector is what it does."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from monitor.detect import DetectorSettings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "detector.md"


def said(value):
    """A default as the page writes it."""
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    if not isinstance(value, timedelta):
        return f"{value:g}"
    minutes = value / timedelta(minutes=1)
    for length, unit in ((1440, "d"), (60, "h")):
        if minutes % length == 0:
            return f"{minutes / length:g} {unit}"
    return f"{minutes:g} min"


def test_every_parameter_is_documented_with_its_default():
    """The table names each parameter once, in order, with the default that the code has."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)
    settings = DetectorSettings()
    table = [(name, default) for name, default in rows if hasattr(settings, name)]
    assert table == [(field.name, said(getattr(settings, field.name))) for field in fields(settings)]
