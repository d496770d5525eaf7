"""A report in three forms: a web page without scripts, plain text, and a PDF that can be filed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from monitor.evidence.form import Report, Section, Table

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-top:1px solid #999;padding-top:.5rem}
.banner{border:3px solid #8a1c1c;padding:.5rem 1rem;font-weight:700}p{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.85rem}
td,th{border:1px solid #999;padding:.2rem .4rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}@media print{body{margin:0;font-size:11pt}h2{break-after:avoid}}
"""
_WIDE = 100
"""Columns of the plain text."""


def page(report: Report, language: str) -> bytes:
    """The report as HTML that loads nothing and runs nothing; every text is escaped."""
    parts = [
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(report.title)}</h1>",
        *(f'<p class="banner">{escape(line)}</p>' for line in report.banner),
        *(piece for section in report.sections for piece in _section(section)),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts).encode()


def text(report: Report) -> bytes:
    """The report as plain text."""
    lines = [report.title, "=" * len(report.title), *(f"\n*** {line}" for line in report.banner)]
    for section in report.sections:
        lines += ["", section.title, "-" * len(section.title)]
        for line in section.lines:
            lines += textwrap.wrap(line, _WIDE) or [""]
        if section.table is not None:
            lines += [" | ".join(section.table.heads), *(" | ".join(row) for row in section.table.rows)]
    return ("\n".join(lines) + "\n").encode()


def can_print() -> bool:
    """Whether a PDF can be made here: the extra `evidence` brings fpdf2 and a font with Cyrillic letters."""
    return find_spec("fpdf") is not None and find_spec("font_roboto") is not None


def printed(report: Report, language: str, date: datetime) -> bytes:
    """The report as PDF on A4; the same report and date give the same bytes."""
    import font_roboto  # noqa: PLC0415 - the extra `evidence` may be absent
    from fpdf import FPDF  # noqa: PLC0415 - see above
    from fpdf.enums import XPos, YPos  # noqa: PLC0415 - see above

    fonts = Path(next(iter(font_roboto.__path__))) / "files"
    pdf = FPDF(format="A4")
    pdf.set_creation_date(date)
    pdf.set_title(report.title)
    pdf.set_lang(language)
    pdf.set_margins(20, 18)
    pdf.set_auto_page_break(True, 18)
    pdf.add_font("Roboto", "", fonts / "Roboto-Regular.ttf")
    pdf.add_font("Roboto", "B", fonts / "Roboto-Bold.ttf")
    pdf.add_page()

    def write(line: str, size: float, style: str = "", *, border: Literal[0, 1] = 0) -> None:
        pdf.set_font("Roboto", style, size)
        pdf.multi_cell(0, size * 0.5, _plain(line), border=border, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(1)

    write(report.title, 15, "B")
    for line in report.banner:
        write(line, 10, "B", border=1)
    for section in report.sections:
        pdf.ln(1.5)
        write(section.title, 10.5, "B")
        for line in section.lines:
            write(line, 8.5)
        if section.table is not None and section.table.rows:
            pdf.set_font("Roboto", "", 7)
            widths = _widths(section.table)
            with pdf.table(line_height=3.6, text_align="LEFT", padding=0.6, col_widths=widths) as table:
                for cells in (section.table.heads, *section.table.rows):
                    row = table.row()
                    for cell in cells:
                        row.cell(_plain(cell))
    return bytes(pdf.output())


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in section.lines)
    if section.table is not None and section.table.rows:
        yield from _table(section.table)


def _table(table: Table) -> Iterator[str]:
    yield "<table>\n<tr>" + "".join(f"<th>{escape(head)}</th>" for head in table.heads) + "</tr>"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _widths(table: Table) -> tuple[int, ...]:
    """Columns as wide as what stands in them, within bounds: a narrow one holds a date, and a wide one wraps."""
    columns = zip(table.heads, *table.rows, strict=True)
    return tuple(min(40, max(9, *(len(cell) for cell in column))) for column in columns)


def _plain(line: str) -> str:
    """A line with nothing in it that a strange page could have put there to move or to hide letters."""
    return "".join(letter if letter.isprintable() else " " for letter in line).replace("→", "->")
