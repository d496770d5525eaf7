"""The system's network: its screen, its resolver, its sockets."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.network import SystemNetwork, first_nameserver, screen


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0.0.0.0", "unspecified"),
        ("127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "link_local"),
        ("100.64.0.1", "shared"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("192.0.0.8", "reserved"),
        ("203.0.113.9", "documentation"),
        ("198.18.0.1", "benchmarking"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("fd00::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("2001:2::1", "benchmarking"),
        ("4000::1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link_local"),
        ("64:ff9b:1::1", "private"),
        ("2002:7f00:1::", "loopback"),
        ("2002:a00:1::1", "private"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),
        ("2001:0:a00:1:8000:63bf:3fff:fdd2", "private"),
        ("not an address", "malformed"),
        ("127.1", "malformed"),
        ("8.8.8.8", None),
        ("172.32.0.1", None),
        ("100.128.0.1", None),
        ("2620:fe::fe", None),
        ("64:ff9b::808:808", None),
        ("2002:808:808::1", None),
        ("::ffff:8.8.8.8", None),
        ("2001:0:808:808:8000:63bf:f7f7:f7f7", None),
    ],
)
def test_what_must_not_be_dialled(address, reason) -> None:
    """Each kind of address that is nobody's business has its reason, also in the clothes of another family."""
    assert screen(address) == reason


@given(st.integers(0, 2**32 - 1))
def test_embedding_an_address_changes_nothing(number) -> None:
    """What is screened as IPv4 is screened as v4-mapped, NAT64 and 6to4 as well, for the same reason."""
    plain = screen(str(ip_address(number)))
    forms = ((0xFFFF << 32) + number, (0x64FF9B << 96) + number, (0x2002 << 112) + (number << 80))
    assert {screen(str(ip_address(form))) for form in forms if form >> 112 or form >> 32 == 0xFFFF} == {plain}


def test_a_lab_may_exempt_its_own() -> None:
    """Ranges that are allowed pass the screen, and only they."""
    network = SystemNetwork(allow=(ip_network("127.0.0.0/8"),))
    assert (network.screen("127.0.0.1"), network.screen("10.0.0.1")) == (None, "private")


def test_the_resolver_is_the_first_one_named(tmp_path) -> None:
    """The system's resolver is the first address in resolv.conf; comments and nonsense are passed over."""
    path = tmp_path / "resolv.conf"
    path.write_text("# nameserver 1.1.1.1\noptions ndots:2\nnameserver nonsense\n nameserver  2001:db8::53  \n")
    assert SystemNetwork(resolv_conf=path).resolver == ("2001:db8::53", 53)


def test_no_resolver_is_an_answer(tmp_path) -> None:
    """A machine without resolv.conf, or with an empty one, has no resolver."""
    assert SystemNetwork(resolv_conf=tmp_path / "absent").resolver is None
    assert first_nameserver("nameserver\n") is None


def test_the_roots_are_shipped() -> None:
    """The trusted roots come with the program and are the same object each time."""
    network = SystemNetwork()
    assert len(network.roots) > 50
    assert network.roots is SystemNetwork().roots
    assert SystemNetwork(roots=(b"der",)).roots == (b"der",)


@pytest.mark.parametrize(("transport", "kind"), [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)])
def test_sockets_do_not_block(transport, kind) -> None:
    """A socket comes fresh, non-blocking, and with the address to connect it to."""
    opened, target = SystemNetwork().open("192.0.2.1", 443, transport)
    with opened:
        assert (opened.type, opened.getblocking(), target) == (kind, False, ("192.0.2.1", 443))


def test_a_source_address_is_bound() -> None:
    """The socket leaves from the address that was asked for; one of the other family does not exist."""
    network = SystemNetwork(source_address="127.0.0.9")
    with network.open("192.0.2.1", 80, "tcp")[0] as opened:
        assert opened.getsockname()[0] == "127.0.0.9"
    with pytest.raises(OSError, match="assign") as caught:
        network.open("2620:fe::fe", 80, "tcp")
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_an_interface_that_is_not_there() -> None:
    """A wrong interface is the machine's error, told as OSError."""
    with pytest.raises(OSError, match=r"No such device|not permitted"):
        SystemNetwork(interface="nosuch0").open("192.0.2.1", 80, "tcp")
