"""Our signatures beside OpenSSH's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.sshsig import PublicKey, SignatureError, SigningKey

KEYGEN = shutil.which("ssh-keygen")
openssh = pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed here")


@openssh
def test_openssh_accepts_what_we_sign_and_we_what_openssh_signs(tmp_path: Path) -> None:
    """With the same key `ssh-keygen -Y sign` makes the same bytes, and `-Y verify` finds ours good."""
    key, message = SigningKey.generate(), tmp_path / "message"
    message.write_bytes(b"kloop.kg")
    (tmp_path / "allowed").write_text(f"canary {key.public.line}\n")
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_bytes(key.content)
    subprocess.run(
        [KEYGEN, "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "test@v1", message], check=True, capture_output=True
    )
    assert (tmp_path / "message.sig").read_text() == key.sign(b"kloop.kg", "test@v1")
    verify = [
        KEYGEN,
        "-Y",
        "verify",
        "-f",
        tmp_path / "allowed",
        "-I",
        "canary",
        "-n",
        "test@v1",
        "-s",
        tmp_path / "message.sig",
    ]
    assert subprocess.run(verify, input=b"kloop.kg", check=True, capture_output=True).stdout.startswith(b"Good")
    assert subprocess.run(verify, input=b"kloop.kh", check=False, capture_output=True).returncode != 0


def test_a_key_survives_its_file() -> None:
    """What a key's file holds is that key again, and its public line too."""
    key = SigningKey.generate()
    assert SigningKey.read(key.content).public == key.public
    assert PublicKey.read(f"{key.public.line} somebody\n") == key.public


def test_anything_that_is_no_signature_is_refused_with_the_reason() -> None:
    """Other bytes, another purpose, another key, cut or foreign text: each is a SignatureError that says which."""
    key = SigningKey.generate()
    good = key.sign(b"hello", "test")
    lines = good.splitlines()
    for text, message, namespace, told in [
        (good, b"hallo", "test", "changed"),
        (good, b"hello", "other", "not one for other"),
        (SigningKey.generate().sign(b"hello", "test"), b"hello", "test", "not made with the key"),
        ("", b"hello", "test", "no signature"),
        ("\n".join([lines[0], "!!!", lines[-1]]), b"hello", "test", "not base64"),
        ("\n".join([lines[0], "AAAA", lines[-1]]), b"hello", "test", "not of the form"),
        ("\n".join([lines[0], lines[1][:60], lines[-1]]), b"hello", "test", "cut off"),
    ]:
        with pytest.raises(SignatureError, match=told):
            key.public.check(text, message, namespace)


@pytest.mark.parametrize("line", ["", "ssh-rsa AAAA", "ssh-ed25519", "ssh-ed25519 AAAA", "nonsense"])
def test_what_is_no_key_is_refused(line: str) -> None:
    """A line or a file that holds no Ed25519 key is a SignatureError."""
    with pytest.raises(SignatureError, match="public key"):
        PublicKey.read(line)
    with pytest.raises(SignatureError, match="private key"):
        SigningKey.read(line.encode())
