"""The lab's real servers: unbound for names (UDP, TCP, HTTPS), a second one that lies, and nginx for pages."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.authority import Authority
from tests.lab.namespaces import Namespaces
from tests.lab.topology import (
    BLOCK_PAGE,
    DOH_NAME,
    DOH_RESOLVER,
    LYING_RESOLVER,
    PUBLIC_RESOLVER,
    SYSTEM_RESOLVER,
    TARGET,
    ZONE,
    ZONE_6,
)

PROGRAMS = ("unbound", "nginx", "ip", "iptables-restore", "ip6tables-restore")
NODE = "servers"
_NOTICE = "blocked.isp.test"
_PAGE_BYTES = 300_000
_START = 10.0
"""Seconds that a server may take; they take some hundredths."""


class Servers:
    """Everything that answers; the processes are children of the lab's and end with it."""

    def __init__(self, namespaces: Namespaces, folder: Path) -> None:
        self._folder = folder
        authority = Authority("Press Canary lab root")
        self.roots = authority.roots
        for name in ZONE | ZONE_6:
            authority.issue(folder / f"{name}.pem", name)
        authority.issue(folder / "doh.pem", DOH_NAME)
        Authority("Another authority").issue(folder / "notice.pem", _NOTICE)
        with namespaces.inside(NODE):
            self._start("unbound", "-d", "-c", self._unbound("honest", ZONE))
            self._start("unbound", "-d", "-c", self._unbound("lying", ZONE | {TARGET: BLOCK_PAGE}))
            self._start("nginx", "-c", self._nginx())
            for address, port in ((DOH_RESOLVER, 443), (LYING_RESOLVER, 53), (BLOCK_PAGE, 443)):
                _wait_for(address, port)

    def _start(self, *words: str) -> None:
        log = (self._folder / f"{words[0]}.log").open("ab")
        subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _unbound(self, name: str, zone: Mapping[str, str]) -> str:
        honest = name == "honest"
        listening = (
            (f"{SYSTEM_RESOLVER}@53", f"{PUBLIC_RESOLVER}@53", f"{DOH_RESOLVER}@53", f"{DOH_RESOLVER}@443")
            if honest
            else (f"{LYING_RESOLVER}@53",)
        )
        known = zone | ZONE_6 | {_NOTICE: BLOCK_PAGE}
        lines = [
            "server:",
            'username: ""',
            'chroot: ""',
            f'directory: "{self._folder}"',
            f'pidfile: "{self._folder}/{name}.pid"',
            "use-syslog: no",
            "num-threads: 1",
            "do-ip6: no",
            "access-control: 0.0.0.0/0 allow",
            *(f"interface: {each}" for each in listening),
            *(
                (f'tls-service-key: "{self._folder}/doh.pem"', f'tls-service-pem: "{self._folder}/doh.pem"')
                if honest
                else ()
            ),
            *(f"local-zone: {each}. static" for each in known),
            *(f'local-data: "{each}. 300 {_type(address)} {address}"' for each, address in known.items()),
            "remote-control:",
            "control-enable: no",
        ]
        file = self._folder / f"{name}.conf"
        file.write_text("\n".join([*lines, ""]))
        return str(file)

    def _nginx(self) -> str:
        for name in ZONE | ZONE_6:
            self._write_page(name, f"News from {name}", _PAGE_BYTES if name == TARGET else 20_000)
        self._write_page(_NOTICE, "Access denied", 400)
        temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        text = (
            f"daemon off; master_process off; user root root; pid {self._folder}/nginx.pid; error_log stderr;\n"
            "events {}\nhttp { access_log off; default_type text/html;\n"
            + "".join(f"{each}_temp_path {self._folder}/{each};\n" for each in temporary)
            + "".join(self._site(name, address) for name, address in (ZONE | ZONE_6 | {_NOTICE: BLOCK_PAGE}).items())
            + "}\n"
        )
        file = self._folder / "nginx.conf"
        file.write_text(text)
        return str(file)

    def _site(self, name: str, address: str) -> str:
        chain = self._folder / ("notice.pem" if name == _NOTICE else f"{name}.pem")
        at = f"[{address}]" if ":" in address else address
        return (
            f"server {{ listen {at}:80; listen {at}:443 ssl http2; server_name {name};"
            f" ssl_certificate {chain}; ssl_certificate_key {chain}; root {self._folder}/{name}; }}\n"
        )

    def _write_page(self, name: str, title: str, length: int) -> None:
        folder = self._folder / name
        folder.mkdir()
        text = "".join(f"<p>{name} paragraph {number}</p>\n" for number in range(length // 30))
        (folder / "index.html").write_text(f"<html><head><title>{title}</title></head><body>{text}</body></html>")


def _type(address: str) -> str:
    return "AAAA" if ":" in address else "A"


def _wait_for(address: str, port: int) -> None:
    """Return as soon as something listens; TimeoutError where nothing does in `_START` seconds."""
    end = time.monotonic() + _START
    while time.monotonic() < end:
        with socket.socket() as trying:
            if trying.connect_ex((address, port)) == 0:
                return
        time.sleep(0.005)
    raise TimeoutError(f"nothing listens on {address}:{port}")
