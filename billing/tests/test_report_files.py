"""Reports as files: what spreadsheets run, what they keep as text, exact types, the same SHA-256 (billing.md 9)."""

import csv
import hashlib
import io
import json
from datetime import datetime
from decimal import Decimal

import openpyxl  # type: ignore[import-untyped]
import pyarrow
import pyarrow.parquet
import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.reports import columns, spreadsheets
from billing.reports.charges import ChargeExtract
from billing.reports.detail import DetailReport
from billing.reports.hourly import HourlyReport
from billing.reports.writers import Format, Written, file_name, write
from billing.tests import usage
from billing.tests.reporting import *  # noqa: F403
from billing.tests.reporting import ELEVEN, LATER, amount, read, request
from common.periods import HOUR


@pytest.fixture
def wicked(settled: Company) -> Company:
    """Acme with an application whose name is a formula, and an app_key of digits only."""
    settled.application.name = '=HYPERLINK("http://x","a,b")\n＝1'
    settled.application.app_key = "12345678901234567890"
    settled.application.save()
    return settled


def written(tmp_path, extract: ChargeExtract, fmt: Format) -> Written:
    return write(extract, fmt, name=lambda it: tmp_path / file_name("r", fmt, provisional=it), now=LATER)


def test_a_machine_file_is_raw_and_its_sidecar_proves_it(wicked, tmp_path):
    made = written(tmp_path, HourlyReport(request()), Format.CSV)
    content = made.path.read_bytes()
    facts = json.loads(made.sidecar.read_text())

    assert content.startswith(b"hour_utc,") and made.path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert wicked.application.name in {row["application"] for row in rows}
    assert facts["sha256"] == facts["file_sha256"] == hashlib.sha256(content).hexdigest() == made.sha256
    assert facts["rows"] == len(rows) and sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "r.csv.json"]


def test_a_spreadsheet_csv_runs_nothing_and_keeps_numbers_text(wicked, tmp_path):
    made = written(tmp_path, HourlyReport(request(wicked)), Format.SPREADSHEET_CSV)
    content = made.path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    assert content.startswith(b"\xef\xbb\xbfhour_utc,")
    call = next(row for row in rows if row["item"] == "call")
    assert call["application"] == "'" + wicked.application.name
    assert (call["app_key"], call["number"]) == ("'12345678901234567890", "'+8617100000001")
    assert amount(rows) == amount(read(HourlyReport(request(wicked)))[0])
    # One id of ours is a number to a spreadsheet as well; several are text.
    assert call["settlement_id"].isdecimal()


def test_several_settlement_ids_stay_text_in_a_spreadsheet(tmp_path):
    source, target = tmp_path / "raw.csv", tmp_path / "made.csv"
    source.write_text("settlement_id,app_key\n12,12\n1 2,x\n")
    spreadsheets.write_csv(source, target, columns.parse("settlement_id:id app_key"), lambda rows: None)
    assert target.read_text("utf-8-sig").splitlines() == ["settlement_id,app_key", "12,'12", "'1 2,x"]


def test_a_workbook_runs_nothing_keeps_numbers_text_and_its_totals_equal_the_ledger(wicked, tmp_path):
    made = written(tmp_path, HourlyReport(request(wicked)), Format.XLSX)
    book = openpyxl.load_workbook(made.path)
    sheet, totals = book["Report"], book["Totals"]
    head, *lines = sheet.iter_rows()
    names = [cell.value for cell in head]
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    facts = {line[0].value: line[1].value for line in totals.iter_rows()}

    assert all(cell.data_type != "f" for line in [*lines, *totals.iter_rows()] for cell in line)
    call = next(row for row in rows if row["item"].value == "call")
    assert (call["number"].value, call["number"].data_type) == ("+8617100000001", "s")
    assert (call["app_key"].value, call["app_key"].data_type) == ("12345678901234567890", "s")
    assert call["application"].value.startswith("'=HYPERLINK")
    assert sum(Decimal(str(row["amount"].value)) for row in rows) == Decimal(facts["control_totals.CNY.total.amount"])
    assert facts["control_totals.CNY.call.amount"] == facts["ledger.CNY.call"] == "2.240000"
    assert (facts["complete"], facts["equals_ledger"], facts["rows"]) == ("yes", "yes", len(rows))


def test_times_are_date_time_cells_in_a_workbook_and_totals_name_their_zone(settled, tmp_path):
    book = openpyxl.load_workbook(written(tmp_path, DetailReport(request(settled)), Format.XLSX).path)
    head, *lines = book["Report"].iter_rows()
    names = [cell.value for cell in head]
    call = next(row for row in (dict(zip(names, line, strict=True)) for line in lines) if row["item"].value == "call")
    raw = next(row for row in read(DetailReport(request(settled)))[0] if row["item"] == "call")

    for name in ("hour_utc", "hour_local", "answered_at", "ended_at", "usage_hour_utc"):
        assert (call[name].data_type, call[name].number_format) == ("d", "yyyy-mm-dd hh:mm:ss")
        assert call[name].value == datetime.fromisoformat(raw[name]).replace(tzinfo=None)
    assert call["hour_local"].value - call["hour_utc"].value == datetime.fromisoformat(raw["hour_local"]).utcoffset()
    assert ("time_zone", request(settled).zone) in {(row[0].value, row[1].value) for row in book["Totals"].iter_rows()}


def test_a_workbook_continues_on_the_next_sheet(settled, tmp_path, monkeypatch):
    monkeypatch.setattr("billing.reports.spreadsheets.SHEET_ROWS", 2)
    made = written(tmp_path, HourlyReport(request()), Format.XLSX)
    book = openpyxl.load_workbook(made.path)

    assert book.sheetnames == ["Report", "Report 2", "Report 3", "Totals"]
    assert sum(book[name].max_row - 1 for name in book.sheetnames[:-1]) == made.rows == 6


def test_money_that_a_double_cannot_hold_is_text_in_a_workbook(settled, tmp_path):
    huge = Decimal("123456789012.123456")
    ledger.post(
        key="adjust:2", kind="adjust", account=settled.account, booked_at=ELEVEN, now=LATER,
        entries=[("customer:acme", -huge), ("adjustment:CNY", huge)],
    )  # fmt: skip
    book = openpyxl.load_workbook(written(tmp_path, HourlyReport(request(settled)), Format.XLSX).path)

    cells = {cell.value: cell.data_type for line in book["Report"].iter_rows() for cell in line}
    assert cells["123456789012.123456"] == "s"


def test_a_parquet_file_has_exact_types_and_the_same_rows(settled, tmp_path):
    made = written(tmp_path, DetailReport(request()), Format.PARQUET)
    table = pyarrow.parquet.read_table(made.path)
    rows, _ = read(DetailReport(request()))

    assert table.num_rows == len(rows) == made.rows
    assert table.schema.field("amount").type == pyarrow.decimal128(18, 6)
    assert table.schema.field("number").type == pyarrow.string()
    assert table.column("amount").to_pylist() == [Decimal(row["amount"]) for row in rows]
    assert table.column("number").to_pylist() == [row["number"] or None for row in rows]
    assert table.column("answered_at").to_pylist() == [
        datetime.fromisoformat(row["answered_at"]) if row["answered_at"] else None for row in rows
    ]


def test_the_same_rows_have_the_same_sha256_in_every_format(settled, tmp_path):
    hashes = {written(tmp_path, HourlyReport(request()), fmt).facts["sha256"] for fmt in Format}

    assert len(hashes) == 1


def test_a_file_that_holds_an_unsettled_hour_says_provisional(settled, tmp_path):
    usage.queue(usage.call(settled, ELEVEN + HOUR, 60))

    assert written(tmp_path, HourlyReport(request()), Format.CSV).path.name == "r.provisional.csv"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.provisional.csv", "r.provisional.csv.json"]


def test_an_export_that_is_stopped_leaves_no_file(settled, tmp_path):
    def stop(rows: int) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write(HourlyReport(request()), Format.CSV, name=lambda it: tmp_path / "r.csv", now=LATER, watch=stop)

    assert list(tmp_path.iterdir()) == []
