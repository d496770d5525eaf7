"""Which network an address is in: the smallest range says so, whatever form the table has; a bad line ends it."""

from __future__ import annotations

import contextlib
import gzip
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.prefixes import PrefixError, Table, read_table
from monitor.prefixes.table import prefix

FORMS = {
    "pyasn": "; IP-ASN32-DAT file\n192.0.2.0/24\t64500\n192.0.2.128/25\t64501\n2001:db8::/32\t64502\n10.0.0.0/8\t0\n",
    "maxmind": (
        "network,autonomous_system_number,autonomous_system_organization\n"
        '192.0.2.0/24,64500,"A, with a comma"\n192.0.2.128/25,64501,B\n2001:db8::/32,64502,C\n'
    ),
    "ranges": (
        '192.0.2.0,192.0.2.127,64500,"A, B"\n192.0.2.128,192.0.2.255,64501,B\n'
        "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64502,C\n"
    ),
    "networks": "# who\nAS64500\t256\tA B\t192.0.2.0/24\nAS64501\t192.0.2.128/25\nAS64502\tC\t2001:db8::/32\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_says_the_same(tmp_path, form, packed):
    """The four forms, plain and packed, give one answer; outside of them there is none."""
    path = tmp_path / ("table.gz" if packed else "table")
    path.write_bytes(gzip.compress(FORMS[form].encode()) if packed else FORMS[form].encode())
    table = read_table(path)
    inside = {"192.0.2.1": "AS64500", "192.0.2.128": "AS64501", "192.0.2.255": "AS64501", "2001:db8::1": "AS64502"}
    outside = dict.fromkeys(("192.0.3.0", "192.0.1.255", "2001:db9::", "10.1.1.1", "", "nobody", "192.0.2.1/32"), "")
    for address, network in (inside | outside | {"::ffff:192.0.2.1": "AS64500"}).items():
        assert table.network_of(address) == network, address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# only words\n", "is empty"),
        ("hello\n", "no table of prefixes that is known"),
        ("192.0.2.0/24\t64500\n192.0.2.0 64500\n", "line 2: expected a prefix, a tab and a number"),
        ("192.0.2.0/24\t64500\n192.0.2.1/24\t64500\n", "line 2: 192.0.2.1/24 has bits beyond"),
        ("192.0.2.0/24\t64500\n192.0.2.0/33\t64500\n", "line 2: a prefix is /32 at most"),
        ("2001:db8::/32\t1\n2001:db8::/65\t1\n", "line 2: a prefix is /64 at most"),
        ("192.0.2.0/24\t64500\n192.0.2.0/24\t4294967296\n", "line 2: 4294967296 is no number"),
        ("192.0.2.9,192.0.2.1,1,x\n", "line 1: 192.0.2.1 comes before 192.0.2.9"),
        ("192.0.2.9,2001:db8::,1,x\n", "line 1: "),
        ("999.0.2.9,999.0.2.10,1,x\n", "line 1: "),
        ("network,autonomous_system_number\n192.0.2.0/24,AS1\n", "line 2: expected a network and"),
        ("AS1\t192.0.2.0/24\nAS1\t192.0.2.0/24,\n", "line 2: "),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path, text, said):
    """Half a table would call half a country unknown: the first bad line ends it, with its number."""
    path = tmp_path / "table"
    path.write_text(text)
    with pytest.raises(PrefixError) as refused:
        read_table(path)
    assert said in str(refused.value)


def test_files_that_cannot_be_read_are_one_line(tmp_path):
    """Missing, cut off and binary files are each a PrefixError."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"192.0.2.0/24\t64500\n" * 1000)[:40])
    for name in ("missing", "binary", "cut.gz"):
        with pytest.raises(PrefixError, match=name):
            read_table(tmp_path / name)


def written(length: int, bits: int) -> str:
    """A prefix that begins with some bits."""
    return f"{ipaddress.IPv4Address((bits % 2**length) << (32 - length))}/{length}"


PREFIXES = st.builds(written, st.integers(0, 12), st.integers(0, 2**12 - 1))


@given(st.dictionaries(PREFIXES, st.integers(1, 9), max_size=30), st.integers(0, 2**32 - 1))
def test_the_longest_prefix_wins(known, asked):
    """Whatever prefixes lie inside of one another, the answer is that of the longest that holds the address."""
    table = Table(prefix(text, number) for text, number in known.items())
    address = ipaddress.IPv4Address(asked)
    holding = [ipaddress.ip_network(text) for text in known if address in ipaddress.ip_network(text)]
    longest = max(holding, key=lambda network: network.prefixlen, default=None)
    assert table.network_of(str(address)) == (f"AS{known[str(longest)]}" if longest is not None else "")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tmp_path_factory, raw):
    """Any bytes are a table or a PrefixError."""
    path = tmp_path_factory.mktemp("tables") / "table"
    path.write_bytes(raw)
    with contextlib.suppress(PrefixError):
        read_table(path)
