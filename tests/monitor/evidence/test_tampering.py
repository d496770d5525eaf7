"""One changed, added, removed or reordered byte, file, row, key or token: each is caught, and named."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from monitor.evidence import bag, verify
from monitor.evidence.build import LIST, NAMESPACE
from monitor.evidence.stamp import request
from monitor.sshsig import SigningKey


def change(path, old=None, new=b"X"):
    """Change the first byte, or some bytes, of a file."""
    content = path.read_bytes()
    path.write_bytes(new + content[1:] if old is None else content.replace(old, new, 1))
    assert path.read_bytes() != content


def reorder(path):
    """Turn the rows of a file around."""
    path.write_bytes(b"\n".join(reversed(path.read_bytes().splitlines())) + b"\n")


def drop(path, number=0):
    """Take a row out of a file."""
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rows[:number] + rows[number + 1 :]))


def first(folder, place):
    """The first file under a folder of the payload."""
    return min((folder / "data" / place).iterdir())


PLAIN = {
    "a changed byte in a fact": (
        lambda it: change(first(it, "measurements")),
        "data/measurements/2023-09-12.jsonl was changed",
    ),
    "a changed byte in the report": (lambda it: change(it / "data/report.html"), "data/report.html was changed"),
    "a removed row": (lambda it: drop(it / "data/series.csv", 3), "data/series.csv was changed"),
    "reordered rows": (lambda it: reorder(first(it, "controls")), "data/controls/2023-09-12.jsonl was changed"),
    "a removed file": (lambda it: (it / "data/findings.jsonl").unlink(), "data/findings.jsonl is listed and missing"),
    "an added file": (
        lambda it: (it / "data/more.txt").write_text("more"),
        "data/more.txt is not listed: it was added",
    ),
    "an added file with spaces": (lambda it: (it / "data/a b").write_text("x"), "data/a b is not listed: it was added"),
    "an added link": (
        lambda it: (it / "data/link").symlink_to("/etc/hostname"),
        "data/link is not listed: it was added",
    ),
    "an added tag file": (lambda it: (it / "note.txt").write_text("x"), "note.txt is not listed: it was added"),
    "a changed list": (
        lambda it: change(it / "manifest-sha256.txt", b"data/", b"dota/"),
        "manifest-sha256.txt was changed",
    ),
    "a changed list of lists": (lambda it: change(it / LIST, b"VERIFY", b"VEREFY"), "they were changed"),
    "a cut signature": (lambda it: (it / f"{LIST}.sig").write_text("-----BEGIN"), "this is no signature"),
    "a removed signature": (lambda it: (it / f"{LIST}.sig").unlink(), "tagmanifest-sha256.txt.sig is missing"),
    "another key": (
        lambda it: (it / "allowed_signers").write_text(f"presscanary {SigningKey.generate().public.line}\n"),
        "was not made with the key",
    ),
    "a changed request": (lambda it: change(it / f"{LIST}.sig.tsq"), "is not the request for this signature"),
    "a token for something else": (
        lambda it: (it / bag.STAMP).write_bytes(bytes.fromhex("30053003020100")),
        "is no time stamp on this signature",
    ),
    "a changed script": (lambda it: change(it / "verify.sh", b"sha256sum", b"true     "), "verify.sh was changed"),
}


@pytest.mark.parametrize("what", PLAIN)
def test_whatever_somebody_changes_is_caught_and_named(copied, what):
    """By `verify` with the file's name; by verify.sh as well, but where the request alone or the script is touched."""
    folder = copied()
    tamper, told = PLAIN[what]
    tamper(folder)

    assert any(told in fault for fault in verify(folder).faults), verify(folder).faults
    if what not in ("a changed request", "a changed script") and shutil.which("ssh-keygen"):
        done = subprocess.run(["sh", folder / "verify.sh"], capture_output=True, text=True, check=False)
        assert (done.returncode, "NOT what was signed" in done.stdout) == (1, True)


def resealed(folder, key):
    """Make lists and signature anew, as somebody with the key would."""
    files = bag.read(folder)
    payload = {name.removeprefix("data/"): content for name, content in files.items() if name.startswith("data/")}
    tags = {
        name: content
        for name, content in files.items()
        if "/" not in name and name not in bag.UNLISTED | {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", LIST}
    }
    made = bag.bagged(payload, tags, {})
    signature = key.sign(made[LIST], NAMESPACE).encode()
    for name, content in (made | {f"{LIST}.sig": signature, f"{LIST}.sig.tsq": request(signature)}).items():
        (folder / name).write_bytes(content)


def edit(path, **changes):
    """Change fields of the first row of a JSON lines file, or of a JSON file."""
    rows = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    told = json.loads(rows[0])
    for name, value in changes.items():
        inner, _, last = name.rpartition("__")
        (told[inner] if inner else told)[last] = value
    rows[0] = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    path.write_text("\n".join(rows) + "\n")


SEALED = {
    "a fact": (
        lambda it: change(first(it, "measurements"), b"connection_reset", b"connection_refuse"),
        "is no row of series or findings",
    ),
    "a fact that is left out": (lambda it: drop(first(it, "measurements")), "is for no document here"),
    "facts in another order": (lambda it: reorder(first(it, "measurements")), "not in the order of time"),
    "a row of the table": (
        lambda it: drop(it / "data/series.csv", 2),
        "series.csv does not say what series.jsonl says",
    ),
    "a verdict": (
        lambda it: change(it / "data/series.jsonl", b'"state":"blocked"', b'"state":"down"'),
        "series.csv does not say",
    ),
    "a proof": (lambda it: edit(it / "data/log/inclusion.jsonl", index=7), "does not hold under the head"),
    "a proof that is left out": (lambda it: drop(it / "data/log/inclusion.jsonl"), "has no proof of being in the log"),
    "the head": (lambda it: edit(it / "data/log/head.json", size=9999), "is not what was signed"),
    "the consistency": (
        lambda it: edit(it / "data/log/consistency.json", second_root="00" * 32),
        "does not hold under the head",
    ),
    "the event": (lambda it: edit(it / "data/event.json", tier="suspected"), "not the newest revision"),
    "the settings": (
        lambda it: change(it / "data/method/settings.json", b'"alarm": 12.0', b'"alarm": 99.0'),
        "does not find the event of data/method/replay.json",
    ),
    "nonsense": (lambda it: (it / "data/event.json").write_text("[]"), "conclusions could not be checked"),
}


@pytest.mark.parametrize("what", SEALED)
def test_who_has_the_key_and_changes_something_is_caught_by_the_log_or_the_conclusions(scene, copied, what):
    """Lists and signature hold again; what was changed does not come out of the facts, or is not in the log."""
    folder = copied()
    tamper, told = SEALED[what]
    tamper(folder)
    resealed(folder, scene.key)
    faults = verify(folder, scene.key.public.fingerprint).faults

    assert not any("was changed" in fault or f"{LIST}.sig" in fault for fault in faults)
    assert any(told in fault for fault in faults), faults


def test_resealing_alone_is_no_fault(scene, copied):
    """The helper above makes what `build` makes: so the faults above are those of the change."""
    folder = copied()
    resealed(folder, scene.key)
    assert verify(folder, scene.key.public.fingerprint).faults == ()


def test_another_key_over_everything_is_told_who_knows_the_right_one(scene, copied):
    """A package that a stranger signed anew holds in itself, and fails for whoever knows the fingerprint."""
    folder, stranger = copied(), SigningKey.generate()
    (folder / "allowed_signers").write_text(f"presscanary {stranger.public.line}\n")
    resealed(folder, stranger)
    faults = verify(folder, scene.key.public.fingerprint).faults
    assert any("not with" in fault for fault in faults)
    assert any("not the one that signed the package" in fault for fault in faults)


def test_an_empty_or_foreign_folder_is_no_package(tmp_path):
    """Whatever a folder holds, the answer is a list of faults and no traceback."""
    (tmp_path / "bagit.txt").write_text("nonsense")
    (tmp_path / "manifest-sha256.txt").write_bytes(b"\xff\xfe  ../../etc/passwd\n" * 3)
    found = verify(tmp_path)
    assert found.event == ""
    assert len(found.faults) > 5
