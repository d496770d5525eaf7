"""What is probed: nginx with a page of 60 kB over http and https, and nsd with one name; and blackbox_exporter beside.

All on 127.0.0.1 with free ports, everything they write in one temporary folder.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.processes import free_ports, running

NAME = "www.news.example"
PAGE_SIZE = 60_000

_NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off; gzip off; default_type "text/html; charset=utf-8";
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    ssl_certificate {folder}/leaf.pem; ssl_certificate_key {folder}/leaf.key;
    ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
    server {{
        listen 127.0.0.1:{http} backlog=4096; listen 127.0.0.1:{https} ssl backlog=4096;
        listen 127.0.0.1:{h2} ssl http2 backlog=4096;
        root {folder}/www; index index.html;
    }}
}}
"""
_NSD = """
server:
    ip-address: 127.0.0.1@{dns}
    username: ""
    chroot: ""
    server-count: 1
    database: ""
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    pidfile: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "news.example"
    zonefile: "news.example.zone"
"""
_ZONE = """$ORIGIN news.example.
$TTL 300
@ IN SOA ns hostmaster 1 3600 900 604800 300
@ IN NS ns
ns IN A 127.0.0.1
www IN A 127.0.0.1
www IN A 127.0.0.2
"""
_BLACKBOX = """
modules:
  page:
    prober: http
    timeout: 10s
    http: {preferred_ip_protocol: ip4}
  page_unverified:
    prober: http
    timeout: 10s
    http: {preferred_ip_protocol: ip4, tls_config: {insecure_skip_verify: true}}
  name:
    prober: dns
    timeout: 5s
    dns: {query_name: www.news.example, query_type: A, transport_protocol: udp, preferred_ip_protocol: ip4}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything listens; `root` is the DER of the authority that signed the web server's certificate."""

    http: int
    https: int
    h2: int
    dns: int
    blackbox: int
    blackbox_pid: int
    root: bytes
    folder: Path


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Servers and peer, running; UnfitError where one of the programs is missing or does not start."""
    http, https, h2, dns, blackbox = free_ports(5)
    root = _write_certificates(folder)
    (folder / "www").mkdir()
    (folder / "www" / "index.html").write_bytes(page())
    (folder / "news.example.zone").write_text(_ZONE)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, http=http, https=https, h2=h2))
    (folder / "nsd.conf").write_text(_NSD.format(folder=folder, dns=dns))
    (folder / "blackbox.yml").write_text(_BLACKBOX)
    trusted = {**os.environ, "SSL_CERT_FILE": str(folder / "root.pem")}  # Go's roots of the system, read once
    with ExitStack() as programs:
        nginx = ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]
        programs.enter_context(running(nginx, port=http, log=folder / "nginx.log"))
        nsd = ["/usr/sbin/nsd", "-d", "-c", str(folder / "nsd.conf")]
        programs.enter_context(running(nsd, port=dns, log=folder / "nsd.log"))
        peer = programs.enter_context(
            running(
                [
                    "/usr/bin/prometheus-blackbox-exporter",
                    f"--config.file={folder / 'blackbox.yml'}",
                    f"--web.listen-address=127.0.0.1:{blackbox}",
                    "--log.level=error",
                ],
                port=blackbox,
                log=folder / "blackbox.log",
                environment=trusted,
            )
        )
        yield Stage(
            http=http, https=https, h2=h2, dns=dns, blackbox=blackbox, blackbox_pid=peer.pid, root=root, folder=folder
        )


def page() -> bytes:
    """A front page of a newspaper: Cyrillic text, links, times, colours and version numbers, as a scrubber meets them.

    >>> len(page())
    60000
    """
    head = (
        '<!doctype html><html lang="ky"><head><meta charset="utf-8"><title>Жаңылыктар — бүгүн</title><style>'
        "a::before{color:#c0ffee}a:hover{color:#0a2b3c}@media(min-width:640px){body{margin:0 auto}}</style></head>"
    )
    article = (
        '<article id="n{0}"><h2><a href="https://www.news.example/kg/2026/11/{0}/?utm=front:{0}">Макала {0}: '
        'шайлоонун жыйынтыгы</a></h2><time datetime="2026-11-23T1{1}:3{1}:4{1}">1{1}:3{1}</time><p>Журналисттер '
        "окуянын чоо-жайын иликтешти, маалымат эки булактан ырасталды. Комментарийлер: {0}.</p>"
        '<img src="/static/v1.2.{0}/photo-{0}.jpg" alt="Сүрөт"><script>track("{0}:front:a{1}:b2c")</script></article>\n'
    )
    body = head + "".join(article.format(number, number % 10) for number in range(1000))
    return body.encode()[: PAGE_SIZE - 1].decode(errors="ignore").encode().ljust(PAGE_SIZE - 1) + b"\n"


def _write_certificates(folder: Path) -> bytes:
    """A P-256 authority and a leaf for 127.0.0.1 and the name that it signed; returns the authority's DER."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    authority, leaf = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Benchmark root", NAME))
    basic = x509.BasicConstraints(ca=True, path_length=None)
    root = _builder(authority, keys[0], authority).add_extension(basic, critical=True).sign(keys[0], hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = _builder(leaf, keys[1], authority).add_extension(names, critical=False).sign(keys[0], hashes.SHA256())
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "leaf.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return root.public_bytes(Encoding.DER)


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
    )
