"""Files of numbers as people have them: CSV (UTF-8 with or without BOM, or GB18030) and XLSX, to lines of cells."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from common.errors import BadInput

MOST_LINES = 10_000
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024
MOST_CELL = 500
XLSX = b"PK\x03\x04"
DELIMITERS = ",;\t"
# What a column may be called; the first is ours.
COLUMNS = {
    "number": ("号码", "x", "x_number", "x号码"),
    "application": ("应用", "app_key", "appkey"),
    "area_code": ("区号", "area code", "areacode", "city"),
    "kind": ("类型", "type"),
    "sms": ("短信",),
    "upstream": ("上游",),
    "quantity": ("数量",),
    "reference": ("编号", "订单号"),
    "note": ("备注",),
    "side": ("方向", "禁止"),
    "counterpart": ("对方", "对方号码", "other"),
}
_NAMES = {other: name for name, others in COLUMNS.items() for other in (name, *others)}


@dataclass(frozen=True)
class Line:
    """One row of a file: its number, as the person sees it there, and its cells by column."""

    line: int
    cells: dict[str, str]


def read(content: bytes, columns: Sequence[str]) -> list[Line]:
    """Return the lines of a file that may have these columns; the first is the one a lone column without header is.

    Raises BadInput for a file that cannot be read.
    """
    if len(content) > MOST_BYTES:
        raise BadInput("file", _("is larger than %(size)s MB") % {"size": MOST_BYTES >> 20}, _("cut it in parts"))
    rows = _xlsx(content) if content.startswith(XLSX) else _csv(content)
    filled = ((line, cells) for line, cells in rows if any(cells))
    first = next(filled, None)
    if first is None:
        raise BadInput("file", _("is empty"), _("give a header line and a line for each number"))
    header, lines = _header(first, columns, filled)
    found = [_line(line, header, cells) for line, cells in islice(lines, MOST_LINES + 1)]
    if len(found) > MOST_LINES:
        raise BadInput("file", _("has more than %(most)s lines") % {"most": MOST_LINES}, _("cut it in parts"))
    if not found:
        raise BadInput("file", _("has a header and nothing else"), _("give a line for each number"))
    return found


Row = tuple[int, list[str]]


def _header(first: Row, columns: Sequence[str], rest: Iterator[Row]) -> tuple[list[str], Iterator[Row]]:
    line, cells = first
    if len(cells) == 1 and cells[0].lstrip("+").isdecimal():
        return [columns[0]], _chain(first, rest)
    header = [_NAMES.get(cell.strip().lower(), "") for cell in cells]
    for name, cell in zip(header, cells, strict=True):
        if cell and name not in columns:
            told = _("has a column that is not known here: %(name)s") % {"name": cell[:32]}
            raise BadInput(
                _("line %(line)s") % {"line": line}, told, _("use %(names)s") % {"names": ", ".join(columns)}
            )
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise BadInput(_("line %(line)s") % {"line": line}, _("names a column twice"))
    return header, rest


def _chain(first: Row, rest: Iterable[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _line(line: int, header: Sequence[str], cells: Sequence[str]) -> Line:
    if len(cells) > len(header) and any(cells[len(header) :]):
        told = _("has more cells than the header")
        raise BadInput(_("line %(line)s") % {"line": line}, told, _("put text with commas in quotes"))
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return Line(line, {name: cell for name, cell in zip(header, padded, strict=False) if name})


def _csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [_text(cell) for cell in cells]
    except csv.Error as problem:
        raise BadInput(_("line %(line)s") % {"line": reader.line_num}, str(problem)) from None


def _decoded(content: bytes) -> str:
    """Return the text of a file as a spreadsheet program in China or elsewhere saves it."""
    if b"\0" in content:
        raise BadInput("file", _("is neither CSV nor XLSX"), _("save it as CSV or as an Excel workbook (.xlsx)"))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("file", _("is neither UTF-8 nor GB18030"), _("save it as CSV UTF-8"))


def _xlsx(content: bytes) -> Iterator[Row]:
    """Yield the rows of a workbook's first sheet. A packed file that would fill the memory is refused unopened."""
    damaged = BadInput("file", _("is no workbook that can be read"), _("save it again as .xlsx, or as CSV"))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise BadInput("file", _("is too large unpacked"), _("cut it in parts"))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield line, [_text(cell) for cell in cells]
    except BadInput:
        raise
    except Exception as problem:
        # openpyxl raises whatever its XML parser does.
        raise damaged from problem


def _text(cell: Any) -> str:
    """Return a cell as text: a number that a spreadsheet took for a figure has no decimals.

    The apostrophe that keeps it from doing so, in our own files too, is no part of it.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip().removeprefix("'")[:MOST_CELL]
