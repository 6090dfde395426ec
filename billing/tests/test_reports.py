"""The hourly and the detail report against the ledger (billing.md 9): sums, rows, order, completeness, formats."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pyarrow
import pyarrow.parquet
import pytest
from django.db import connection
from django.db.models import Sum

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.models import Charge, LedgerEntry, LedgerTransaction, Package
from billing.purchases import buy
from billing.reports import columns, spreadsheets
from billing.reports.charges import ChargeExtract
from billing.reports.detail import DetailReport
from billing.reports.hourly import HourlyReport
from billing.reports.period import Period
from billing.reports.request import ChargeRequest
from billing.reports.writers import Format, Written, file_name, stream, write
from billing.settlement import settle
from billing.tariffs import set_price
from billing.tests import usage
from common.periods import HOUR
from privacy.models import Quarantined, Source

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
ELEVEN = TEN + HOUR
LATER = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)


@pytest.fixture
def prices(db: None) -> None:
    """Prices of calls (0.14) and messages (0.28)."""
    for item, price in (("call", "0.14"), ("sms", "0.28")):
        set_price(
            item=item,
            number_kind="any",
            price=Decimal(price),
            currency="CNY",
            account=None,
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        )


@pytest.fixture
def settled(prices: None, acme: Company, bolt: Company) -> Company:
    """Two hours of Acme, one of Bolt, with a package, unanswered calls and messages, all settled; returns Acme."""
    ledger.open_account(acme.account)
    package = Package.objects.create(code="p", name="p", minutes=5, messages=1, price=Decimal("38"), currency="CNY")
    buy(account=acme.account, package=package, reference="p-1", purchased_at=TEN - HOUR, now=TEN - HOUR, override=True)
    usage.queue(
        *(usage.call(acme, TEN + timedelta(minutes=n), 61 * n) for n in range(1, 6)),
        usage.call(acme, ELEVEN + timedelta(minutes=1), 30),
        usage.sms(acme, TEN + timedelta(minutes=2), 3),
        usage.unanswered(acme, TEN + timedelta(minutes=3)),
        usage.unanswered(acme, TEN + timedelta(minutes=4)),
        usage.call(bolt, TEN + timedelta(minutes=1), 600),
    )
    settle(until=LATER, now=LATER)
    return acme


def request(company: Company | None = None, **fields: Any) -> ChargeRequest:
    """Return a request for the day of the data."""
    scope = {"account_id": company.account.pk, "account_code": company.account.code} if company else {}
    period = Period(TEN - 10 * HOUR, TEN + 14 * HOUR)
    defaults = {"period": period, "zone": "Asia/Shanghai", "made_by": "finance", "made_at": LATER}
    return ChargeRequest(**{**defaults, **scope, **fields})


def read(extract: ChargeExtract) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Return the rows of an extract, as any CSV reader sees them, and its facts."""
    sink = io.BytesIO()
    facts = stream(extract, sink)
    return list(csv.DictReader(io.StringIO(sink.getvalue().decode()))), facts


def amount(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def test_the_hourly_report_the_detail_report_and_the_ledger_are_equal(settled):
    booked = LedgerEntry.objects.filter(ledger_account__code__startswith="revenue:").aggregate(all=Sum("amount"))["all"]

    hourly, hourly_facts = read(HourlyReport(request()))
    detail, detail_facts = read(DetailReport(request()))

    assert amount(hourly) == amount(detail) == booked
    for facts in (hourly_facts, detail_facts):
        assert facts["equals_ledger"] and facts["complete"] == "yes" and not facts["provisional"]
        assert Decimal(facts["control_totals"]["CNY"]["total"]["amount"]) == booked


def test_the_columns_stand_in_the_order_of_the_contract(settled):
    hourly, _ = read(HourlyReport(request()))

    assert ",".join(hourly[0]) == (
        "hour_utc,hour_local,account,application,app_key,mode,number,item,calls,answered,talk_seconds,units,"
        "package_units,overage_units,unit_price,amount,late_units,adjustment,currency,settlement_id"
    )


def test_a_row_sums_the_calls_of_a_number_in_an_hour(settled):
    hourly, _ = read(HourlyReport(request(settled)))
    row = next(row for row in hourly if row["item"] == "call" and row["answered"] != "0")

    assert row == {
        "hour_utc": "2026-03-02T10:00:00+00:00",
        "hour_local": "2026-03-02T18:00:00+08:00",
        "account": "acme",
        "application": "rides",
        "app_key": "acmeAppKey01",
        "mode": "AXB",
        "number": "+8617100000001",
        "item": "call",
        "calls": "5",
        "answered": "5",
        "talk_seconds": "915",
        "units": "20",
        "package_units": "5",
        "overage_units": "15",
        "unit_price": "0.140000",
        "amount": "2.100000",
        "late_units": "0",
        "adjustment": "0.000000",
        "currency": "CNY",
        "settlement_id": row["settlement_id"],
    }
    assert row["settlement_id"].isdecimal()


def test_unanswered_calls_stand_in_a_row_of_their_own(settled):
    hourly, _ = read(HourlyReport(request(settled)))
    (row,) = [row for row in hourly if row["item"] == "call" and row["answered"] == "0"]

    assert (row["calls"], row["unit_price"], Decimal(row["amount"]), row["units"]) == ("2", "", Decimal(0), "0")
    assert "unanswered" not in {line["item"] for line in read(DetailReport(request(settled)))[0]}


def test_packages_rental_and_adjustments_are_charges_and_top_ups_are_not(settled):
    account, customer = settled.account, "customer:acme"
    ledger.topup(account=account, amount=Decimal(100), reference="t-1", now=TEN)
    for key, kind, other, cost in (
        (f"rental:{settled.number.pk}:2026-03", "rental", "revenue:rental:CNY", Decimal("5")),
        ("adjust:1", "adjust", "adjustment:CNY", Decimal("-1.5")),
    ):
        entries = [(customer, -cost), (other, cost)]
        ledger.post(key=key, kind=kind, account=account, booked_at=TEN + timedelta(minutes=7), entries=entries, now=TEN)

    hourly, facts = read(HourlyReport(request(settled)))
    found = {row["item"]: row for row in hourly}

    assert set(found) == {"call", "sms", "package", "rental", "adjustment"}
    assert (found["package"]["units"], found["package"]["amount"]) == ("1", "38.000000")
    assert (found["rental"]["number"], found["rental"]["app_key"]) == ("+8617100000001", "acmeAppKey01")
    assert (found["rental"]["unit_price"], found["rental"]["amount"]) == ("5.000000", "5.000000")
    assert (found["adjustment"]["amount"], found["adjustment"]["adjustment"]) == ("-1.500000", "-1.500000")
    assert found["adjustment"]["unit_price"] == ""
    assert facts["equals_ledger"] and amount(hourly) == amount(read(DetailReport(request(settled)))[0])


def test_a_reversal_of_a_posting_is_an_adjustment_and_of_a_top_up_nothing(settled):
    first = ledger.topup(account=settled.account, amount=Decimal(7), reference="t-2", now=TEN)
    bought = LedgerTransaction.objects.get(kind="package")
    for taken_back, sign in ((first, -1), (bought, -1)):
        entries = [(entry.ledger_account.code, sign * entry.amount) for entry in taken_back.entries.all()]
        ledger.post(
            key=f"reverse:{taken_back.key}", kind="reverse", account=settled.account, booked_at=ELEVEN,
            entries=entries, now=LATER, reverses=taken_back,
        )  # fmt: skip

    hourly, facts = read(HourlyReport(request(settled)))

    assert [row["amount"] for row in hourly if row["item"] == "adjustment"] == ["-38.000000"]
    assert facts["equals_ledger"]


def test_a_late_line_names_the_hour_it_belongs_to(settled):
    usage.queue(usage.call(settled, TEN + timedelta(minutes=30), 120, name="late"))
    settle(until=LATER + HOUR, now=LATER + HOUR)
    day = request(settled, period=Period(LATER.replace(minute=0), LATER.replace(minute=0) + 3 * HOUR))

    hourly, _ = read(HourlyReport(day))
    detail, _ = read(DetailReport(day))

    assert [(row["units"], row["late_units"]) for row in hourly] == [("2", "2")]
    assert [row["usage_hour_utc"] for row in detail] == ["2026-03-02T10:00:00+00:00"]
    assert [row["hour_utc"] for row in detail] == ["2026-03-05T13:00:00+00:00"]


def test_a_message_taken_back_counts_against_its_units(settled):
    charged = Charge.objects.get(item="sms")
    sent = usage.sms(settled, TEN + timedelta(minutes=2), 3)
    assert sent.usage_id == charged.pk
    usage.queue(usage.reversal(settled, sent, LATER - HOUR))
    settle(until=LATER + 2 * HOUR, now=LATER + 2 * HOUR)

    whole = request(
        settled, period=Period(TEN - 2 * HOUR, LATER.replace(minute=0) + 4 * HOUR), made_at=LATER + 9 * HOUR
    )
    hourly, facts = read(HourlyReport(whole))
    detail, _ = read(DetailReport(whole))

    assert sum(int(row["units"]) for row in hourly if row["item"] == "sms") == 0
    assert facts["equals_ledger"]
    assert {row["message_id"] for row in detail if row["item"] == "sms"} == {str(charged.pk)}


def test_a_detail_row_keeps_every_fact_of_its_rating(settled):
    detail, facts = read(DetailReport(request(settled)))
    line = Charge.objects.get(account=settled.account, rated_at=TEN + timedelta(minutes=3), item="call")
    row = next(row for row in detail if row["call_id"] == str(line.pk))

    assert list(row) == [column.name for column in columns.DETAIL]
    assert (row["answered_at"], row["ended_at"]) == ("2026-03-02T18:03:00+08:00", "2026-03-02T18:06:03+08:00")
    assert (row["seconds"], row["units"], row["tariff_id"]) == ("183", "4", str(line.tariff_id))
    assert json.loads(row["package_splits"] or "null") == line.splits
    assert facts["rows"] == len(detail) == facts["control_totals"]["CNY"]["total"]["lines"]


def test_an_account_sees_only_its_own_rows(settled, bolt):
    for report in (HourlyReport, DetailReport):
        rows, facts = read(report(request(bolt)))
        assert {row["account"] for row in rows} == {"bolt"}
        assert facts["scope"] == "bolt" and facts["equals_ledger"]


def test_settled_hours_exported_twice_give_the_same_sha256(settled):
    first = read(HourlyReport(request(settled, settled_only=True)))[1]
    usage.queue(usage.call(settled, TEN + timedelta(minutes=30), 120, name="late"))
    usage.queue(usage.call(settled, TEN + 5 * HOUR, 120, name="not settled yet"))
    settle(until=TEN + 2 * HOUR, now=LATER)
    second = read(HourlyReport(request(settled, settled_only=True, made_at=LATER + HOUR)))[1]

    assert first["sha256"] == second["sha256"]
    assert (first["complete"], second["complete"], second["unsettled"]) == ("yes", "no", 1)
    assert not second["provisional"]


def test_settled_only_leaves_out_hours_that_are_not(settled):
    every, _ = read(HourlyReport(request(settled)))
    rows, facts = read(HourlyReport(request(settled, settled_only=True)))

    # At nine Acme only bought a package: no usage belongs to that hour, so no settlement has closed it.
    assert {row["hour_utc"][11:13] for row in every} == {"09", "10", "11"}
    assert {row["hour_utc"][11:13] for row in rows} == {"10", "11"}
    assert facts["equals_ledger"]


def test_a_report_of_an_hour_that_waits_is_provisional_and_says_what_is_missing(acme, prices):
    usage.queue(usage.call(acme, TEN, 60), usage.sms(acme, TEN, None, blocked_reason="parts_unknown"))
    facts = read(HourlyReport(request()))[1]

    assert (facts["unsettled"], facts["unpriced"], facts["provisional"], facts["complete"]) == (1, 1, True, "no")


def test_a_report_with_rows_of_the_current_hour_is_provisional(settled):
    facts = read(HourlyReport(request(settled, made_at=ELEVEN + timedelta(minutes=3))))[1]

    assert facts["provisional"] and facts["open_hours"] == 14 and facts["complete"] == "no"


def test_an_empty_hour_to_come_makes_it_incomplete_but_not_provisional(settled):
    period = Period(TEN, LATER.replace(minute=0) + 5 * HOUR)
    facts = read(HourlyReport(request(settled, period=period)))[1]

    assert (facts["provisional"], facts["complete"], facts["open_hours"]) == (False, "no", 5)


def test_a_quarantined_record_makes_the_report_incomplete(settled, switch1):
    from_request = {
        "upstream": switch1,
        "source": Source.objects.create(door="request", upstream=switch1),
        "body": b"{}",
        "reason": "number_not_held",
    }
    for kind, digest in ((1, b"a"), (2, b"b")):
        Quarantined.objects.create(
            kind=kind, body_digest=digest, occurred_at=TEN, account=settled.account, **from_request
        )

    facts = read(HourlyReport(request(settled)))[1]

    assert (facts["quarantined"], facts["complete"], facts["provisional"]) == (1, "no", False)


def test_nothing_charged_is_a_header_and_complete(acme):
    rows, facts = read(HourlyReport(request(acme)))

    assert rows == [] and facts["rows"] == 0 and facts["complete"] == "yes" and facts["control_totals"] == {}


def test_the_zone_of_the_session_is_utc_again_after_a_report(settled):
    read(HourlyReport(request()))

    with connection.cursor() as cursor:
        cursor.execute("SHOW TimeZone")
        assert cursor.fetchone() == ("UTC",)


# --- files -----------------------------------------------------------------------------------------------------------


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
