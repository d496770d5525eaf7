"""Pack files: what was acknowledged is read back whole, what was not is never read."""

from __future__ import annotations

import pytest

from monitor.store import StoreDamaged, open_store
from monitor.store.folder import Folder, prepare
from monitor.store.packs import PackWriter, Spot, compress, expand, fetch, rescue


@pytest.fixture
def place(folder) -> Folder:
    """A data folder without a database."""
    return prepare(folder)


def test_documents_are_read_back_whole(place):
    """Documents of every size come back as they were, each from its own spot."""
    documents = [b"", b"x", bytes(100_000), "Клооп".encode() * 999]
    writer = PackWriter(place, {})
    spots = [writer.append(compress(document)) for document in documents]
    writer.close()
    assert [fetch(place, spot) for spot in spots] == documents


def test_a_large_pack_is_followed_by_a_new_one(place):
    """A pack that has grown past its size is left alone, and the next number begins."""
    writer = PackWriter(place, {}, pack_size=200)
    spots = []
    for number in range(6):
        writer.roll()
        spots.append(writer.append(compress(b"document %d" % number)))
    writer.close()
    assert [spot.pack for spot in spots] == [1, 1, 1, 2, 2, 2]
    assert [fetch(place, spot) for spot in spots] == [b"document %d" % number for number in range(6)]


def test_a_store_goes_on_over_several_packs(folder, made):
    """A store whose packs were rolled reads from all of them, and opens again at the newest."""
    with open_store(folder) as store:
        store._writer._transaction.packs._pack_size = 500
        for number in range(6):
            store.append(*made.entry(number))
    with open_store(folder) as store:
        store.append(*made.entry(6))
        assert len(list((folder / "packs").iterdir())) == 3
        assert all(store.measurement(outcome.measurement) for outcome in store.outcomes())


@pytest.mark.parametrize("tail", [b"PCR1", b"\0" * 5000, compress(b"whole, but never acknowledged").record])
def test_a_torn_tail_is_cut_and_never_read(folder, made, tail):
    """What stands behind the acknowledged end, torn or whole, is gone after opening; the next record is readable."""
    with open_store(folder) as store:
        store.append(*made.entry(1))
        end = store.counts()["pack_bytes"]
    pack = folder / "packs" / "000001.pack"
    pack.write_bytes(pack.read_bytes() + tail)

    with open_store(folder) as store:
        assert pack.stat().st_size == end
        store.append(*made.entry(2))
        assert [store.measurement(outcome.measurement).duration for outcome in store.outcomes()] == [1.25, 2.25]


def test_a_pack_that_was_begun_and_never_acknowledged_is_begun_again(folder, made):
    """A leftover of the next pack is not taken for its beginning."""
    with open_store(folder) as store:
        store.append(*made.entry(1))
    (folder / "packs" / "000002.pack").write_bytes(b"left by a writer that was killed")
    with open_store(folder) as store:
        store._writer._transaction.packs._pack_size = 1
        measurement, outcome = made.entry(2)
        store.append(measurement, outcome)
        assert store.measurement(outcome.measurement) == measurement
    assert (folder / "packs" / "000002.pack").read_bytes()[:4] == b"PCR1"


@pytest.mark.parametrize("at", [0, 5, 9, 20, 46, 60])
def test_a_changed_byte_is_damage_with_its_place(folder, made, at):
    """Wherever a record is changed, reading it names the pack and the byte, and the others stay readable."""
    with open_store(folder) as store:
        (first, one), (second, two) = made.entry(1), made.entry(2)
        store.append(first, one)
        store.append(second, two)
        pack = folder / "packs" / "000001.pack"
        content = bytearray(pack.read_bytes())
        content[at] ^= 0x40
        pack.write_bytes(content)

        with pytest.raises(StoreDamaged, match=r"packs/000001.pack at byte 0: "):
            store.measurement(one.measurement)
        assert store.measurement(two.measurement) == second


@pytest.mark.parametrize("left", [None, 10])
def test_lost_bytes_are_damage(folder, made, left):
    """A pack that is shorter than what was acknowledged stops the writer; a reader hears it when it asks."""
    with open_store(folder) as store:
        _, outcome = made.entry(1)
        store.append(*made.entry(1))
    pack = folder / "packs" / "000001.pack"
    if left is None:
        pack.unlink()
    else:
        pack.write_bytes(pack.read_bytes()[:left])

    with pytest.raises(StoreDamaged, match=r"packs/000001.pack has \d+ of \d+ bytes"):
        open_store(folder)
    with open_store(folder, read_only=True) as reader:
        assert len(reader.outcomes()) == 1
        with pytest.raises(StoreDamaged, match=r"packs/000001.pack at byte 0"):
            reader.document(outcome.measurement)


def test_a_record_may_not_grow_past_what_its_header_says():
    """A frame that expands to more than its record promises is refused before it fills the memory."""
    record = compress(bytes(10_000_000)).record
    lying = compress(b"\0").record[:48] + record[48:]
    with pytest.raises(ValueError, match="no record starts here"):
        expand(lying)


def test_a_spot_in_a_missing_pack_is_damage(place):
    """An index that points to a pack that is not there is damage, not a traceback."""
    with pytest.raises(StoreDamaged, match="the file is missing"):
        fetch(place, Spot(pack=7, start=0, length=100))


def test_whole_documents_are_rescued_from_a_torn_pack(place):
    """Without any index, every whole record is found again, and what is torn between them is stepped over."""
    writer = PackWriter(place, {})
    spots = [writer.append(compress(b"document %d PCR1" % number)) for number in range(4)]
    writer.close()
    pack = place.packs / "000001.pack"
    content = bytearray(pack.read_bytes())
    content[spots[1].start + 50] ^= 0xFF
    pack.write_bytes(content + b"PCR1 torn")
    assert list(rescue(pack)) == [b"document 0 PCR1", b"document 2 PCR1", b"document 3 PCR1"]
