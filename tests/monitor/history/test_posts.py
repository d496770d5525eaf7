"""Small tables beside posts, in their three shapes."""

from __future__ import annotations

import pytest

from monitor.history import Unreadable, recognised, series
from monitor.model import Layer


@pytest.fixture
def rows(tmp_path):
    """What a format makes of a header and lines."""

    def made(name, *lines, targets=None):
        path = tmp_path / "2019-some-site.csv"
        path.write_text("\n".join(lines) + "\n")
        return list(series()[name].read(path, targets or {}))

    return made


BLOCKING = "measurement_start_time,probe_cc,probe_asn,blocking"
WHATSAPP = "test_start_time,probe_cc,probe_asn,registration_server_status,anomaly_color,whatsapp_web_status"
TELEGRAM = "test_start_time,probe_cc,probe_asn,telegram_web_status,blocked_endpoints,accessible_endpoints"


def state(cell):
    return next(name for name in ("ok", "blocked", "down", "insufficient") if getattr(cell, name))


@pytest.mark.parametrize(
    ("word", "said", "layer"),
    [
        ("false", "ok", None), ("dns", "blocked", Layer.DNS), ("tcp_ip", "blocked", Layer.TCP),
        ("http-failure", "blocked", Layer.HTTP), ("http-diff", "blocked", Layer.HTTP), ("", "insufficient", None),
        ("true", "insufficient", None),
    ],
)  # fmt: skip
def test_conclusions(rows, word, said, layer):
    """`blocking` names the layer; what it does not name says nothing."""
    (cell,) = rows("ooni-blocking", f"{BLOCKING},domain", f"2019-04-25 07:00:00,CN,4134,{word},en.site.example")
    assert (state(cell), cell.layer, cell.target) == (said, layer, "en.site.example")
    assert (cell.network, cell.country, cell.vantage, cell.pooled) == ("AS4134", "CN", "ooni:AS4134", True)


def test_a_table_without_a_domain_is_named_by_its_file(rows):
    """One file is then about one site."""
    (cell,) = rows("ooni-blocking", BLOCKING, "2018-11-30 15:19:19,JO,AS48832,false")
    assert cell.target == "2019-some-site"


def test_a_known_host_has_its_targets_id(rows):
    """As in every other source."""
    line = "2019-04-25 07:00:00,CN,4134,dns,site.example"
    (cell,) = rows("ooni-blocking", f"{BLOCKING},domain", line, targets={"site.example": "ours"})
    assert cell.target == "ours"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ok,green,ok", "ok"), ("blocked,red,ok", "blocked"), ("ok,red,blocked", "blocked"),
        ("ok,red,ok", "insufficient"), (",,", "insufficient"),
    ],
)  # fmt: skip
def test_whatsapp(rows, words, said):
    """An anomaly of some endpoints alone is no block of the service."""
    (cell,) = rows("ooni-whatsapp", WHATSAPP, f"2019-06-12 15:56:37,ET,AS24757,{words}")
    assert (state(cell), cell.target) == (said, "whatsapp")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ok,0,10", "ok"), ("blocked,8,2", "blocked"), ("ok,8,2", "blocked"), ("blocked,3,7", "blocked"),
        ("blocked,0,10", "insufficient"), ("ok,3,7", "insufficient"), ("ok,0,0", "insufficient"),
    ],
)  # fmt: skip
def test_telegram(rows, words, said):
    """Most endpoints, or the web page and any endpoint; a mixture says nothing."""
    (cell,) = rows("ooni-telegram", TELEGRAM, f"2019-06-12 15:57:47,ET,AS24757,{words}")
    assert (state(cell), cell.target) == (said, "telegram")


@pytest.mark.parametrize(
    ("name", "header", "line"),
    [
        ("ooni-blocking", f"{BLOCKING},domain", "yesterday,CN,1,dns,a.example"),
        ("ooni-blocking", f"{BLOCKING},domain", "2019-01-01 00:00:00,CN,1,dns,"),
        ("ooni-blocking", BLOCKING, "2019-01-01 00:00:00,CN,1"),
        ("ooni-telegram", TELEGRAM, "2019-01-01 00:00:00,ET,1,ok,many,0"),
        ("ooni-whatsapp", WHATSAPP, "2019-13-01 00:00:00,ET,1,ok,green,ok"),
        ("ooni-whatsapp", BLOCKING, ""),
    ],
)
def test_a_row_that_cannot_be_used_is_told(rows, name, header, line):
    """With file and line, and the rest goes on."""
    (fault,) = rows(name, header, line)
    assert isinstance(fault, Unreadable)
    assert ".csv:" in fault.where


def test_headers_are_recognised():
    """Each format by its columns, in any order and with more beside them; nobody's header is nobody's."""
    for name, header in (("ooni-blocking", BLOCKING), ("ooni-whatsapp", WHATSAPP), ("ooni-telegram", TELEGRAM)):
        assert recognised(["more", *reversed(header.split(","))]).name == name
    assert recognised(series()["ooni-analysis"].columns).name == "ooni-analysis"
    assert recognised(["a"]) is None
