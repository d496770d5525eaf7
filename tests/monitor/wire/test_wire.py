"""What comes over the wire is what was signed, fits in memory, and is anything else refused."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.sshsig import SigningKey
from monitor.wire import Batch, ClockReading, Consent, Dropped, Header, Letter, Plan, Signed, WireError, compose
from monitor.wire import batch as batches
from monitor.wire.request import WINDOW, sign
from probes.document import canonical, document
from probes.model import Target, VantagePoint

KEY = SigningKey.generate()
OTHER = SigningKey.generate()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOCUMENTS = (b'{"a":1}', b'{"b":2}')


def header(documents: tuple[bytes, ...] = DOCUMENTS, sequence: int = 1, previous: str = "") -> Header:
    """A header over some documents."""
    return Header(
        key=KEY.public.fingerprint,
        sequence=sequence,
        previous=previous,
        made="2026-11-24T12:00:00Z",
        software="presscanary test",
        plan="00" * 32,
        measurements=tuple(hashlib.sha256(each).hexdigest() for each in documents),
        clock=ClockReading(offset=0.25, within=0.1),
        dropped=(Dropped(count=3, first="2026-11-01T00:00:00Z", last="2026-11-02T00:00:00Z", why="spool_full"),),
        waiting=7,
    )


def plan() -> Plan:
    """A plan with one target."""
    return Plan(
        serial=3,
        made="2026-11-24T12:00:00Z",
        vantage=VantagePoint(id="kg-1", kind="agent"),
        risk=1,
        targets=(Target(id="kloop", urls=("https://kloop.kg/",), category="media"),),
        intervals={"kloop": 300.0},
    )


def zipped(*lines: bytes) -> bytes:
    """Lines as a batch is packed."""
    return batches.zstd.compress(b"".join(line + b"\n" for line in lines))


def test_a_batch_comes_back_as_it_was_composed():
    """Header, letter and documents survive the way."""
    read = Batch.read(compose(header(), DOCUMENTS, KEY), KEY.public)

    assert read.header == header()
    assert read.documents == DOCUMENTS
    assert read.header.sha256 == read.letter.sha256


def test_a_batch_without_measurements_says_that_somebody_is_still_there():
    """No line follows the header."""
    read = Batch.read(compose(header(()), (), KEY), KEY.public)

    assert read.documents == ()
    assert read.header.waiting == 7


LETTER = Letter.sign(header(), KEY, batches.NAMESPACE).content


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (compose(header(), DOCUMENTS, OTHER), "signature"),
        (zipped(Letter.sign(header(), KEY, "plan@presscanary").content, *DOCUMENTS), "signature"),
        (zipped(LETTER.replace(b'"waiting":7', b'"waiting":8'), *DOCUMENTS), "signature"),
        (zipped(LETTER, DOCUMENTS[1], DOCUMENTS[0]), "malformed"),
        (zipped(LETTER, DOCUMENTS[0]), "malformed"),
        (zipped(LETTER, *DOCUMENTS, b"{}"), "malformed"),
        (zipped(LETTER, DOCUMENTS[0], b'{"b":3}'), "malformed"),
        (batches.zstd.compress(b"\n".join((LETTER, *DOCUMENTS))), "malformed"),
        (compose(header(), DOCUMENTS, KEY)[:-3], "malformed"),
        (compose(header(), DOCUMENTS, KEY) + b"more", "malformed"),
        (compose(replace(header(), form=2), DOCUMENTS, KEY), "malformed"),
        (compose(header(sequence=0), DOCUMENTS, KEY), "malformed"),
        (compose(header((b"x",) * 501), (b"x",) * 501, KEY), "too_large"),
        (zipped(b"[" * 100_000), "malformed"),
        (zipped(b'{"document":{"x":NaN},"signature":"x"}'), "signature"),
        (b"not zstd", "malformed"),
        (b"", "malformed"),
        (bytes(batches.MOST_BYTES + 1), "too_large"),
        (batches.zstd.compress(bytes(200_000_000)), "too_large"),
    ],
)
def test_what_was_not_signed_so_is_no_batch(raw: bytes, code: str):
    """Another key, another use, changed, moved, missing, added, cut off, too many, too large, a bomb."""
    with pytest.raises(WireError) as fault:
        Batch.read(raw, KEY.public)
    assert fault.value.code == code


def test_a_frame_that_asks_for_a_huge_window_is_refused():
    """Memory is bounded by what may be inflated, not by what a stranger asks for."""
    asked = {batches.zstd.CompressionParameter.window_log: 27, batches.zstd.CompressionParameter.checksum_flag: 1}
    pack = batches.zstd.ZstdCompressor(options=asked)
    frame = pack.compress(bytes(1000), mode=batches.zstd.ZstdCompressor.FLUSH_BLOCK) + pack.flush()

    with pytest.raises(WireError, match="no zstd frame"):
        batches.inflated(frame)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_no_changed_bit_passes(at: int, bit: int):
    """One flipped bit anywhere in a batch is noticed."""
    raw = bytearray(compose(header(), DOCUMENTS, KEY))
    raw[at % len(raw)] ^= 1 << bit
    try:
        read = Batch.read(bytes(raw), KEY.public)
    except WireError:
        return
    assert read.documents == DOCUMENTS  # a bit of the frame that says nothing
    assert read.header == header()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_strangers_bytes_end_in_a_wire_error(raw: bytes):
    """Neither a frame, nor its content, nor headers can make anything else happen."""
    for each in (raw, batches.zstd.compress(raw), zipped(b'{"document":' + raw + b',"signature":""}')):
        with pytest.raises(WireError):
            Batch.read(each, KEY.public)
    text = raw.decode("latin-1")
    with pytest.raises(WireError):
        Signed.read({"Signature-Input": text, "Signature": text, "Content-Digest": text})


def test_a_plan_survives_its_letter():
    """Targets, intervals and the vantage point are read as they were signed; another key's plan is none."""
    raw = Letter.sign(plan(), KEY, "plan@presscanary").content

    assert Letter.read(raw).opened(Plan, KEY.public, "plan@presscanary") == plan()
    with pytest.raises(WireError):
        Letter.read(raw).opened(Plan, OTHER.public, "plan@presscanary")


def test_a_letter_of_the_wrong_kind_names_the_place_and_not_what_was_found():
    """What a stranger wrote does not come back in a message."""
    raw = Letter.sign({"serial": "<script>"}, KEY, "plan@presscanary").content

    with pytest.raises(WireError) as fault:
        Letter.read(raw).opened(Plan, KEY.public, "plan@presscanary")
    assert "script" not in str(fault.value)
    with pytest.raises(WireError):
        Letter.read(raw).opened(Consent, KEY.public, "plan@presscanary")


def test_a_letter_can_be_checked_with_openssh_alone(tmp_path: Path):
    """`ssh-keygen -Y verify` says the same as we do."""
    letter = Letter.sign(plan(), KEY, "plan@presscanary")
    (tmp_path / "signers").write_text(f"collector {KEY.public.line}\n")
    (tmp_path / "signature").write_text(letter.signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "collector", "-n", "plan@presscanary"]
    try:
        checked = subprocess.run(
            [*command, "-s", tmp_path / "signature"],
            check=False,
            input=canonical(document(plan())),
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("ssh-keygen is not installed")
    assert b"Good" in checked.stdout


def signed(**changes: object) -> tuple[dict[str, str], dict[str, object]]:
    """The headers of a request, and the request as it arrives."""
    headers = sign(KEY, "POST", "/agent/v1/batches", b"body", now=NOW, nonce="n" * 22)
    arrives = {"key": KEY.public, "method": "POST", "path": "/agent/v1/batches", "body": b"body", "now": NOW}
    return headers, arrives | changes


def test_a_signed_request_is_believed():
    """As sent, whatever the case of its headers, up to five minutes away."""
    headers, arrives = signed(now=NOW + WINDOW)

    Signed.read({name.upper(): value for name, value in headers.items()}).check(**arrives)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "GET"}, "signature"),
        ({"path": "/agent/v1/farewell"}, "signature"),
        ({"body": b"other"}, "signature"),
        ({"key": OTHER.public}, "signature"),
        ({"now": NOW + WINDOW + timedelta(seconds=1)}, "clock"),
        ({"now": NOW - WINDOW - timedelta(seconds=1)}, "clock"),
    ],
)
def test_a_request_is_only_what_was_signed(change: dict[str, object], code: str):
    """Another method, path, body, key or time is refused."""
    headers, arrives = signed(**change)

    with pytest.raises(WireError) as fault:
        Signed.read(headers).check(**arrives)
    assert fault.value.code == code


@pytest.mark.parametrize(("was", "becomes"), [("created=1", "created=2"), ("n" * 22, "m" * 22), ("@path", "@query")])
def test_a_request_cannot_be_made_younger_or_unique(was: str, becomes: str):
    """Moment, nonce and the list of what is covered are signed as well."""
    headers, arrives = signed()
    headers["Signature-Input"] = headers["Signature-Input"].replace(was, becomes)

    with pytest.raises(WireError) as fault:
        Signed.read(headers).check(**arrives)
    assert fault.value.code == "signature"
