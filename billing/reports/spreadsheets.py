"""The formats for people's spreadsheets, made from a machine CSV: CSV with BOM, and XLSX."""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from billing.reports.cells import csv_safe, xlsx_safe
from billing.reports.columns import Column, Kind

SHEET_ROWS = 1_048_575  # beside the header
EXACT_DIGITS = 15  # an XLSX number is a double
NUMBERS = (Kind.COUNT, Kind.MONEY)
TIMES = (Kind.TIME, Kind.TIME_UTC)
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
FIRST_YEAR = 1901  # a workbook counts days from 1900, whose February it has wrong
EVERY = 1000  # rows between two signs of life
Watch = Callable[[int], None]
csv.field_size_limit(1 << 20)


def write_csv(source: Path, target: Path, columns: tuple[Column, ...], watch: Watch) -> None:
    """Write the spreadsheet CSV: UTF-8 with BOM, CRLF, safe against formulas, text stays text."""
    kinds = [column.kind for column in columns]
    text = [kind not in NUMBERS for kind in kinds]
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.name for column in columns)
        for number, row in enumerate(_rows(source), start=1):
            writer.writerow(
                csv_safe(cell) if is_text and not (kind is Kind.ID and _is_id(cell)) else cell
                for cell, is_text, kind in zip(row, text, kinds, strict=True)
            )
            if number % EVERY == 0:
                watch(number)


def write_xlsx(
    source: Path, target: Path, columns: tuple[Column, ...], facts: dict[str, Any], made_at: datetime, watch: Watch
) -> None:
    """Write the workbook: rows on one sheet or as many as it takes, then the sheet "Totals".

    Counts and money are numbers while they have at most 15 digits, else text: a double would change them. Times are
    date-time cells without their offset, which a workbook cannot hold: `..._utc` is UTC, the others are in the zone
    that the sheet "Totals" names as `time_zone`.
    """
    options = {"constant_memory": True, "tmpdir": str(target.parent), "strings_to_formulas": False}
    with xlsxwriter.Workbook(str(target), options) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None, microsecond=0)})
        text = book.add_format({"quote_prefix": True, "num_format": "@"})
        time = book.add_format({"num_format": TIME_FORMAT})
        sheet, line, sheets = None, SHEET_ROWS, 0
        for number, row in enumerate(_rows(source), start=1):
            if line == SHEET_ROWS:
                sheet, line, sheets = _data_sheet(book, columns, sheets + 1), 0, sheets + 1
            line += 1
            for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
                _write(sheet, line, place, column.kind, cell, time if column.kind in TIMES else text)
            if number % EVERY == 0:
                watch(number)
        if sheet is None:
            _data_sheet(book, columns, 1)
        _totals_sheet(book, facts)


def _data_sheet(book: Any, columns: tuple[Column, ...], number: int) -> Any:
    sheet = book.add_worksheet("Report" if number == 1 else f"Report {number}")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 20 if column.kind in TIMES else 15)
        sheet.write_string(0, place, column.name, bold)
    return sheet


def _write(sheet: Any, line: int, place: int, kind: Kind, cell: str, look: Any) -> None:
    if not cell:
        return
    if kind in TIMES and int(cell[:4]) >= FIRST_YEAR:
        sheet.write_datetime(line, place, datetime.fromisoformat(cell).replace(tzinfo=None), look)
    elif kind is Kind.ID and _is_id(cell):
        sheet.write_number(line, place, int(cell))
    elif kind in NUMBERS and len(cell.strip("-").replace(".", "").strip("0")) <= EXACT_DIGITS:
        sheet.write_number(line, place, int(cell) if kind is Kind.COUNT else Decimal(cell))
    else:
        sheet.write_string(line, place, xlsx_safe(cell), look)


def _is_id(cell: str) -> bool:
    """Return whether a cell holds one id, which a spreadsheet may read as the number it is."""
    return cell.isascii() and cell.isdecimal() and len(cell) <= EXACT_DIGITS and not cell.startswith("0")


def _totals_sheet(book: Any, facts: dict[str, Any]) -> None:
    """Write the trailer: every fact of the sidecar as name and value, one a line."""
    sheet = book.add_worksheet("Totals")
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 70)
    text = book.add_format({"quote_prefix": True})
    for line, (name, value) in enumerate(flat(facts)):
        sheet.write_string(line, 0, name)
        if isinstance(value, int) and not isinstance(value, bool):
            sheet.write_number(line, 1, value)
        else:
            sheet.write_string(line, 1, xlsx_safe(_shown(value)), text)


def flat(facts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested facts as (dotted name, value)."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _rows(source: Path) -> Iterator[list[str]]:
    with source.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows
