"""The hourly and the detail report against the ledger (billing.md 9): sums, rows, order, completeness, formats."""

import json
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from accounts.tests.fixtures import *  # noqa: F403
from billing import ledger
from billing.models import Charge, LedgerEntry, LedgerTransaction
from billing.reports import columns
from billing.reports.detail import DetailReport
from billing.reports.hourly import HourlyReport
from billing.reports.period import Period
from billing.settlement import settle
from billing.tests import usage
from billing.tests.reporting import *  # noqa: F403
from billing.tests.reporting import ELEVEN, LATER, TEN, amount, read, request
from common.periods import HOUR
from privacy.models import Quarantined, Source


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
