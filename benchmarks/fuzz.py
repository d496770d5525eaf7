"""Strangers' bytes at every parser that eats them: whatever comes, a result or the fault that its docstring names.

    python -m benchmarks.fuzz [--inputs 10000] [--seed 1] [PARSER …]

Inputs are true messages with bits, lengths and pieces changed, and noise. An exception of any other kind is told with
the parser and the input in hex, and exit code 1; so does one input that takes more than ten seconds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from monitor.history.ooni.document import understood
from monitor.observe.certificate import read_leaf
from monitor.prefixes import PrefixError, read_table
from monitor.sshsig import SigningKey
from monitor.wire import Header, WireError, batch, compose
from probes.initial import server_name
from probes.steps import head, question, versions
from probes.steps.body import BodyReader, title_of
from tests.scenes import leaf

PATIENCE = 10.0
"""Seconds for one input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """What is fed, what it may raise, and true messages to begin with."""

    feed: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    may: tuple[type[Exception], ...] = ()


def changed(dice: Random, seeds: Sequence[bytes]) -> bytes:
    """A message that is true but for some places, or noise."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(200))
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0 if place < len(data):
                data[place] ^= 1 << dice.randrange(8)
            case 1 if place < len(data):
                data[place] = dice.choice((0, 1, 0x3F, 0x7F, 0x80, 0xC0, 0xFF))
            case 2:
                data[place:place] = dice.randbytes(dice.randrange(1, 9))
            case 3:
                del data[place : place + dice.randrange(1, 9)]
            case _:
                data[place:place] = data[: dice.randrange(len(data) + 1)][:300]
    return bytes(data[:20_000])


_PAGE = b"<html><head><title>Kloop</title></head><body>news and more</body></html>"
_VERSIONS = bytes.fromhex("800000000004aabbccdd04aabbccdd00000001")
_INITIAL = bytes.fromhex("c00000000108") + bytes(1200)
_TABLES = (
    b"; pyasn\n192.0.2.0/24\t64496\n",
    (b"network,autonomous_system_number,autonomous_system_organization\n" + b"192.0.2.0/24,64496,X\n"),
    b"AS64496\tX\t192.0.2.0/24 2001:db8::/32\n",
)


def parsers(folder: Path) -> Mapping[str, Parser]:
    """Every parser, by name."""
    asked = question.ask("kloop.kg", "A")
    answer = asked.wire[:2] + b"\x81\x80" + asked.wire[4:6] + b"\0\1\0\0\0\0" + asked.wire[12:26]
    answer += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x5d\xb8\xd8\x22"
    key = SigningKey.generate()
    header = Header(
        key=key.public.fingerprint,
        sequence=1,
        previous="",
        made="2026-01-01T00:00:00Z",
        software="x",
        plan="",
        measurements=(),
    )
    ooni = {"test_name": "web_connectivity", "input": "https://kloop.kg/", "probe_cc": "KG", "probe_asn": "AS8511",
            "measurement_start_time": "2023-09-12 06:30:00", "test_keys": {"queries": [], "requests": []}}  # fmt: skip
    return {
        "dns": Parser(feed=lambda data: question.read(asked, data), seeds=(answer, asked.wire)),
        "http head": Parser(feed=head.read, seeds=(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nhi",)),
        "gzip body": Parser(
            feed=_body("gzip"), seeds=(gzip.compress(_PAGE), gzip.compress(bytes(10**6))), may=(zlib.error,)
        ),
        "deflate body": Parser(feed=_body("deflate"), seeds=(zlib.compress(_PAGE),), may=(zlib.error,)),
        "page": Parser(feed=lambda data: title_of(data, "text/html; charset=koi8-r"), seeds=(_PAGE,)),
        "quic versions": Parser(feed=versions.offered, seeds=(_VERSIONS,)),
        "quic initial": Parser(feed=lambda data: server_name([data]), seeds=(_INITIAL,)),
        "certificate": Parser(feed=read_leaf, seeds=(leaf("kloop.kg"),)),
        "batch": Parser(
            feed=lambda data: batch.Batch.read(data, key.public),
            seeds=(compose(header, [], key), batch.zstd.compress(bytes(10**6))),
            may=(WireError,),
        ),
        "ooni document": Parser(
            feed=lambda data: understood(data, "here:1", "file.json", {"kloop.kg": "kloop-ru"}),
            seeds=(json.dumps(ooni).encode(),),
        ),
        "prefix table": Parser(
            feed=lambda data: _table(folder / "table", data),
            seeds=_TABLES,
            may=(PrefixError,),
        ),
    }


def _body(coding: str) -> Callable[[bytes], object]:
    def feed(data: bytes) -> object:
        reader = BodyReader(limit=65536, content_encoding=coding)
        reader.feed(data)
        assert len(reader.raw) <= 65536
        return reader.raw

    return feed


def _table(path: Path, data: bytes) -> object:
    path.write_bytes(data)
    return read_table(path)


def fuzz(name: str, parser: Parser, inputs: int, seed: int) -> str | None:
    """What went wrong, with the input; None where nothing did."""
    dice = Random(f"{name} {seed}")
    for _ in range(inputs):
        data = changed(dice, parser.seeds)
        began = time.monotonic()
        try:
            parser.feed(data)
        except parser.may:
            pass
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is what we look for
            return f"{name}: {type(fault).__name__}: {fault}\n{data.hex()}"
        if time.monotonic() - began > PATIENCE:
            return f"{name}: one input took {time.monotonic() - began:.0f} s\n{data.hex()}"
    return None


def main() -> int:
    """Feed them all, and say what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parsers", nargs="*", metavar="PARSER")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="pc-fuzz-") as folder:
        for name, each in parsers(Path(folder)).items():
            if given.parsers and name not in given.parsers:
                continue
            said = fuzz(name, each, given.inputs, given.seed)
            wrong += said is not None
            print(said or f"{name}: {given.inputs:,} inputs, nothing wrong", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
