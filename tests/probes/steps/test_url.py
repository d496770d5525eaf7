"""URLs, and where redirects lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.steps.url import follow, parse


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("http://KLOOP.kg", "http://kloop.kg/", "kloop.kg", 80),
        ("https://kloop.kg.:8443/a b", "https://kloop.kg:8443/a%20b", "kloop.kg", 8443),
        ("http://ЯНДЕКС.рф/", "http://xn--d1acpjx3f.xn--p1ai/", "xn--d1acpjx3f.xn--p1ai", 80),
        ("http://user:secret@kloop.kg/#top", "http://kloop.kg/", "kloop.kg", 80),
        ("http://[2606:2800::1]:81/", "http://[2606:2800::1]:81/", "2606:2800::1", 81),
        (" https://my_blog.kloop.kg/ ", "https://my_blog.kloop.kg/", "my_blog.kloop.kg", 443),
    ],
)
def test_urls_are_cleaned(text, url, host, port) -> None:
    """A URL becomes a place: host in lower-case ASCII, port, no user, no fragment."""
    place = parse(text)
    assert (place.url, place.host, place.port) == (url, host, port)
    assert place.literal == (":" in host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kloop.kg",
        "ftp://kloop.kg/",
        "https://",
        "http:///path",
        "http://a..b/",
        "http://a b/",
        "http://kloop.kg:0/",
        "http://kloop.kg:65536/",
        "http://kloop.kg:x/",
        "http://" + "a" * 64 + ".kg/",
        "http://" + "a." * 130 + "kg/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://kloop.kg/\x00",
        "http://\ud800.kg/",
    ],
)
def test_what_is_no_url(text) -> None:
    """Each mistake is a ValueError."""
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/about", "https://kloop.kg/about"),
        ("?page=2", "https://kloop.kg/ru/?page=2"),
        ("//www.kloop.kg/x", "https://www.kloop.kg/x"),
        ("http://КЛООП.kg/", "http://xn--j1acjaf.kg/"),
        ("http://169.254.169.254/latest", "http://169.254.169.254/latest"),
        ("новости", "https://kloop.kg/ru/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
    ],
)
def test_redirects_are_resolved(location, url) -> None:
    """A Location is read against the page it came from."""
    assert follow(parse("https://kloop.kg/ru/"), location).url == url


@pytest.mark.parametrize("location", ["https://", "http:", "https:///x", "http://a..b/", "https://kloop.kg:x/"])
def test_redirects_to_nowhere(location) -> None:
    """A Location whose host cannot exist is a ValueError."""
    with pytest.raises(ValueError):
        follow(parse("https://kloop.kg/"), location)


@pytest.mark.parametrize("location", ["mailto:a@b", "intent://kloop.kg", "javascript:alert(1)", "tg:resolve"])
def test_redirects_out_of_the_web(location) -> None:
    """What a browser would hand to another program leads nowhere."""
    assert follow(parse("https://kloop.kg/"), location) is None


@given(st.text(max_size=60))
def test_no_location_breaks_it(location) -> None:
    """Whatever a server writes into Location is a place, nowhere, or a ValueError."""
    try:
        target = follow(parse("https://kloop.kg/"), location)
    except ValueError:
        return
    assert target is None or target.scheme in ("http", "https")
