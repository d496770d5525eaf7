"""`presscanary export`: every table in every format, the same bytes each time, resumable, and safe to publish."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime

import pytest

from monitor.cli import main
from monitor.export.dataset import Kind
from monitor.export.format import formats
from monitor.export.public import SMALL
from monitor.export.tables import datasets
from monitor.pipeline.windows import windows
from monitor.store import open_folder
from tests.monitor.evidence.conftest import scene  # noqa: F401 - a fixture
from tests.monitor.store import appender

SETTINGS = """
targets:
  - {id: kloop, urls: ["https://kloop.kg/"]}
vantage_points:
  - {id: kg-1, country: KG, network: AS64500}
"""


@pytest.fixture
def run(scene, tmp_path, capfdbinary):  # noqa: F811
    """Run `export` on a copy of the scene's data folder: exit code, output (bytes), errors."""
    shutil.copytree(scene.data, tmp_path / "data")
    (tmp_path / "targets.yaml").write_text(SETTINGS)

    def made(*arguments):
        code = 0
        try:
            main(
                ["--data-dir", str(tmp_path / "data"), "--config", str(tmp_path / "targets.yaml"), "export", *arguments]
            )
        except SystemExit as end:
            code = end.code or 0
        said = capfdbinary.readouterr()
        return code, said.out, said.err.decode()

    return made


def table(content):
    """The rows of a CSV as objects."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_results_come_as_a_table_that_any_program_reads(run):
    """A header, then each visit once, by time; times are UTC, and a result that cannot be said is called so."""
    code, out, _ = run("verdicts")
    rows = table(out)

    assert code == 0
    assert list(rows[0]) == [column.name for column in datasets()["verdicts"].columns]
    assert len(rows) == len({row["measurement"] for row in rows}) == 169
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert rows[0]["time"] == "2023-09-12T12:00:00Z"
    assert {row["state"] for row in rows} <= {"ok", "blocked", "insufficient", "down"}


@pytest.mark.parametrize("name", sorted(datasets()))
@pytest.mark.parametrize("form", sorted(formats()))
def test_every_table_is_in_every_format_and_the_same_each_time(run, tmp_path, name, form):
    """Twice the same bytes, and the rows that the format's own reader finds are those of the CSV."""
    files = [tmp_path / f"{turn}{formats()[form].suffix}" for turn in (1, 2)]
    for file in files:
        code, _, said = run(name, "-o", str(file))
        assert (code, said.count("\n")) == (0, 1)
    assert files[0].read_bytes() == files[1].read_bytes()

    rows = len(table(run(name)[1]))
    assert READERS[form](files[0], datasets()[name]) == rows
    assert rows > 0 or name == "claims"


def read_parquet(file, dataset):
    """Rows of a Parquet file, whose fields carry what they mean."""
    parquet = pytest.importorskip("pyarrow.parquet")
    found = parquet.read_table(file)
    assert [field.metadata[b"description"].decode() for field in found.schema] == [
        each.says for each in dataset.columns
    ]
    return found.num_rows


def read_arrow(file, dataset):
    """Rows of an Arrow stream."""
    pyarrow = pytest.importorskip("pyarrow")
    with pyarrow.ipc.open_stream(file) as stream:
        found = stream.read_all()
    times = [each.name for each in dataset.columns if each.kind is Kind.DATETIME]
    assert all(str(found.schema.field(name).type) == "timestamp[us, tz=UTC]" for name in times)
    return found.num_rows


def read_xlsx(file, _):
    """Rows of a workbook: lines of its sheet without the headings; no cell is a formula."""
    import zipfile

    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    return sheet.count("<row ") - 1


READERS = {
    "csv": lambda file, _: len(table(file.read_bytes())),
    "jsonl": lambda file, _: len([json.loads(line) for line in file.read_text().splitlines()]),
    "parquet": read_parquet,
    "arrow": read_arrow,
    "xlsx": read_xlsx,
}


def test_only_what_is_wanted_is_in_it(run):
    """By time, target, network and country."""
    assert len(table(run("verdicts", "--since", "2023-09-12T12:30", "--until", "2023-09-12T12:40")[1])) == 9
    assert len(table(run("verdicts", "--network", "AS64500")[1])) == 61
    assert len(table(run("verdicts", "--country", "de")[1])) == 108
    assert table(run("verdicts", "--target", "nothing")[1]) == []
    assert len(table(run("events", "--network", "AS64500", "--since", "2023-09-12T14:00")[1])) == 1
    assert table(run("events", "--until", "2023-09-12T12:00")[1]) == []


def test_into_a_folder_goes_a_file_per_day_and_it_goes_on_where_it_stopped(run, tmp_path):
    """A day that is there is not written again; the dictionary names all files and says what the columns mean."""
    folder = tmp_path / "out"
    with open_folder(tmp_path / "data") as store:
        store.append_all(
            [(*appender.entry(n, time=datetime(2023, 9, 14, n, tzinfo=UTC), simulated=False), None) for n in (1, 2)]
        )
    assert run("verdicts", "-o", f"{folder}/")[0] == 0
    names = [f"verdicts-2023-09-{day}.csv" for day in (12, 13, 14)]
    assert sorted(path.name for path in folder.iterdir()) == ["datapackage.json", *names]
    assert [len(table((folder / name).read_bytes())) for name in names] == [169, 0, 2]

    (folder / names[0]).write_text("kept")
    (folder / names[2]).unlink()
    made = json.loads(run("verdicts", "-o", f"{folder}/", "--json")[1])
    assert (folder / names[0]).read_text() == "kept"
    assert (made["rows"], made["files"]) == (2, names)


def test_a_folder_holds_one_export(run, tmp_path):
    """With another filter, time, table or coarseness a folder that has days is refused, and stays as it was."""
    folder = tmp_path / "out"
    assert run("verdicts", "-o", f"{folder}/", "--network", "AS64500")[0] == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for other in (["verdicts"], ["verdicts", "--since", "2023-09-12"], ["verdicts", "--public"], ["cells"]):
        code, _, said = run(*other, *(["--network", "AS64500"] if other[1:] else []), "-o", f"{folder}/")
        assert (code, "holds another export" in said) == (2, True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run("verdicts", "-o", f"{folder}/", "--network", "AS64500")[0] == 0


def test_the_dictionary_is_one_for_others(run, tmp_path):
    """Frictionless finds the package and its rows valid."""
    frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed here")
    for name in ("verdicts", "events", "coverage"):
        folder = tmp_path / name
        assert run(name, "-o", f"{folder}/")[0] == 0
        report = frictionless.validate(str(folder / "datapackage.json"))
        assert report.valid, report.flatten(["message"])


def test_what_is_published_leads_to_nobody(run):
    """Small networks stand as one, vantage points and documents are not named, times are those of five minutes."""
    rows = table(run("verdicts", "--public")[1])
    assert {row["network"] for row in rows if row["role"] == "vantage"} == {SMALL}
    assert {row["vantage"] for row in rows} == {row["measurement"] for row in rows} == {""}
    assert all(datetime.fromisoformat(row["time"]).minute % 5 == 0 for row in rows)
    assert table(run("events", "--public")[1])[0]["networks"] == SMALL
    code, _, said = run("measurements", "--public")
    assert (code, "exact by nature" in said) == (2, True)


def test_no_cell_is_computed(run, tmp_path):
    """A text of a stranger that looks like a formula has a quote before it."""
    with open_folder(tmp_path / "data") as store:
        store.append(*appender.entry(1, time=datetime(2023, 9, 12, 13, tzinfo=UTC), target="=1+1", simulated=False))
    assert "'=1+1" in {row["target"] for row in table(run("verdicts")[1])}


def test_a_document_is_exported_as_it_is_hashed(run):
    """The SHA-256 of the document in a row begins with the id that the result has."""
    import hashlib

    documents = [row["document"] for row in table(run("measurements")[1])]
    ids = {hashlib.sha256(text.encode()).hexdigest()[:32] for text in documents}
    assert {row["measurement"] for row in table(run("verdicts")[1])} <= ids
    assert len(documents) == 173  # four experiments are measurements too


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["verdicts", "--since", "soon"], 2, "--since: expected a date"),
        (["verdicts", "-o", "file.doc"], 2, "--format"),
        (["verdicts", "--format", "xlsx"], 2, "cannot be written to a pipe"),
        (["verdicts", "--json"], 2, "name a file or a folder"),
        (["verdicts", "-o", "/nowhere/at/all.csv"], 1, "could not be written"),
        (["everything"], 2, "everything"),
    ],
)
def test_wrong_input_is_told(run, arguments, code, told):
    """Each with its exit code; nothing is written."""
    found, out, said = run(*arguments)
    assert (found, out) == (code, b"")
    assert told in said


def test_an_interrupted_export_leaves_the_old_file(run, tmp_path, monkeypatch):
    """A fault in the middle leaves what was there, and nothing half."""
    file = tmp_path / "out.csv"
    file.write_text("old")
    monkeypatch.setattr(
        "monitor.export.formats.csv_.CSVWriter.close", lambda _: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    code, _, said = run("verdicts", "-o", str(file))
    assert (code, "No space left" in said) == (1, True)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_pieces_are_neither_too_large_nor_too_small(scene):  # noqa: F811
    """Stretches grow where there is little, and every result is in exactly one."""
    with open_folder(scene.data, read_only=True) as store:
        pieces = list(windows(store, since=datetime(2023, 9, 1, tzinfo=UTC), until=datetime(2024, 9, 1, tzinfo=UTC)))
        assert sum(len(rows) for _, rows in pieces) == len(store.outcomes())
    assert len(pieces) < 40
