"""Trusted time from an authority that OpenSSL plays on loopback, with certificates made for this test."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.evidence import EvidenceError, bag, verify
from monitor.evidence.build import LIST, Authority
from monitor.evidence.stamp import QUERY, REPLY, StampError, ask, request

LACKING = [name for name in ("openssl", "ssh-keygen") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"not installed here: {LACKING}")

SETTINGS = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(*arguments: object) -> bytes:
    """Run openssl and give what it prints."""
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority that answers requests with tokens; /refuse and /broken do not."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test TSA"),
        *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        *(
            "-addext",
            "extendedKeyUsage=critical,timeStamping",
            "-addext",
            "keyUsage=critical,digitalSignature",
        ),
    )

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == QUERY
            (folder / "query").write_bytes(asked)
            status, answer = 200, b"no answer"
            match self.path:
                case "/broken":
                    status = 500
                case "/refuse":
                    answer = bytes.fromhex("30053003020102")
                case "/nonsense":
                    pass
                case _:
                    answer = openssl(
                        *("ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", folder / "query"),
                        *("-signer", folder / "cert.pem", "-inkey", folder / "key.pem"),
                    )
            self.send_response(status)
            self.send_header("Content-Type", REPLY)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Authority(url=f"http://127.0.0.1:{server.server_port}/", chain=(folder / "cert.pem").read_bytes())
    server.shutdown()
    thread.join()
    server.server_close()


def script(folder: Path) -> tuple[int, str]:
    """What verify.sh says."""
    done = subprocess.run(["sh", folder / "verify.sh"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_time_stamp_is_asked_for_and_checked_with_openssl(scene, authority, tmp_path):
    """The package has the authority's token over its signature; verify.sh checks it, and the report tells of it."""
    made = scene.build(tmp_path / "package", authority=authority)

    assert made.trusted_time
    assert verify(tmp_path / "package").faults == ()
    code, said = script(tmp_path / "package")
    assert (code, "ok: the time stamp holds" in said) == (0, True), said
    assert "A time stamp authority has signed" in (tmp_path / "package/data/report.txt").read_text()


@pytest.mark.parametrize("how", ["changed", "of another package", "without its certificates"])
def test_a_token_that_does_not_hold_is_named(scene, authority, tmp_path, how):
    """A changed token, one for other bytes, and one that nothing can be checked with."""
    scene.build(tmp_path / "package", authority=authority)
    token = tmp_path / "package" / bag.STAMP
    match how:
        case "changed":
            content = bytearray(token.read_bytes())
            content[-20] ^= 1
            token.write_bytes(content)
        case "of another package":
            token.write_bytes(ask(authority.url, b"something else"))
        case _:
            (tmp_path / "package" / "tsa-chain.pem").unlink()
    code, said = script(tmp_path / "package")
    assert (code, "NOT OK: the time stamp does not hold" in said) == (1, True), said
    if how != "changed":  # the token's own signature is OpenSSL's to check
        assert verify(tmp_path / "package").faults


@pytest.mark.parametrize(("place", "told"), [("broken", "status 500"), ("refuse", "refused"), ("nonsense", "refused")])
def test_an_authority_that_gives_no_stamp_is_told_and_nothing_is_written(scene, authority, tmp_path, place, told):
    """One line says why, and that the package can be made without."""
    other = Authority(url=authority.url + place, chain=authority.chain)
    with pytest.raises(EvidenceError, match=f"{told}.*without --stamp"):
        scene.build(tmp_path / "package", authority=other)
    assert not (tmp_path / "package").exists()
    with pytest.raises(StampError, match="could not be asked"):
        ask("http://127.0.0.1:1/", b"")


def test_the_request_is_one_for_openssl(package, tmp_path):
    """OpenSSL reads the .tsq: SHA-256 of the signature, with the wish for a certificate."""
    said = openssl("ts", "-query", "-in", package / f"{LIST}.sig.tsq", "-text").decode()
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert (package / f"{LIST}.sig.tsq").read_bytes() == request((package / f"{LIST}.sig").read_bytes())
