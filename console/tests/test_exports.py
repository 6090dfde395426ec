"""The export commands: what they print, how they mask, what they refuse, and the audit entry they leave."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing.settlement import settle
from billing.tariffs import set_price
from billing.tests import usage
from common import partitions, timeid
from privacy.models import Call, Message, Source

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = ("--from", "2026-03-02T08:00:00+08:00", "--to", "2026-03-03T08:00:00+08:00")
A, B = "+8613900000101", "+8613700000202"


@pytest.fixture
def charged(acme: Company, bolt: Company) -> Company:
    """One settled call of Acme and one of Bolt."""
    started = datetime(2026, 1, 1, tzinfo=UTC)
    set_price(item="call", number_kind="any", price=Decimal("0.06"), currency="CNY", account=None, valid_from=started)
    usage.queue(usage.call(acme, TEN, 90), usage.call(bolt, TEN, 30))
    settle(until=TEN + timedelta(days=1), now=TEN + timedelta(days=1))
    return acme


@pytest.fixture
def called(acme: Company, bolt: Company, switch1: Any) -> Company:
    """An answered call and an SMS of Acme, an unanswered call of Bolt."""
    source = Source.objects.create(door="request", upstream=switch1)
    for model in (Call, Message):
        partitions.ensure(model, "month", [TEN])
    for company, answered in ((acme, True), (bolt, False)):
        Call.objects.create(
            id=timeid.time_id(TEN, company.account.code), **_owned(company, switch1, source), session_id="s-1",
            caller_number=A, callee_number=company.number.number, display_number=company.number.number,
            destination_number=B, call_in_at=TEN, answered_at=TEN + timedelta(seconds=5) if answered else None,
            ended_at=TEN + timedelta(seconds=66),
        )  # fmt: skip
    Message.objects.create(
        id=timeid.time_id(TEN, "sms"), **_owned(acme, switch1, source), sms_id="m-1", notification_mode="Notify",
        calling_number="10086", called_number=A, occurred_at=TEN, sent_at=TEN, content="secret text", parts=1,
    )  # fmt: skip
    return acme


def _owned(company: Company, upstream: Any, source: Source) -> dict[str, Any]:
    return {
        "account": company.account, "application": company.application, "number": company.number,
        "upstream": upstream, "source": source, "source_line": 1,
    }  # fmt: skip


def run(capfdbinary: Any, command: str, *arguments: str) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Return the rows on standard output and the facts on standard error."""
    call_command(command, *DAY, *arguments)
    out, err = capfdbinary.readouterr()
    return list(csv.DictReader(io.StringIO(out.decode(), newline=""))), json.loads(err)


def test_charges_go_to_standard_output_and_their_totals_to_standard_error(charged, capfdbinary):
    rows, facts = run(capfdbinary, "export_charges")

    assert [(row["account"], row["amount"]) for row in rows] == [("acme", "0.120000"), ("bolt", "0.060000")]
    assert facts["control_totals"]["CNY"]["total"]["amount"] == "0.180000"
    assert (facts["complete"], facts["rows"], facts["scope"]) == ("yes", 2, "all accounts")


def test_the_report_of_one_account_is_in_its_zone(charged, capfdbinary):
    charged.account.time_zone = "Asia/Kolkata"
    charged.account.save()

    rows, _ = run(capfdbinary, "export_charges", "--account", "acme", "--detail")
    other, _ = run(capfdbinary, "export_charges", "--account", "acme", "--timezone", "UTC")

    assert [(row["account"], row["hour_local"]) for row in rows] == [("acme", "2026-03-02T15:30:00+05:30")]
    assert [row["hour_local"] for row in other] == ["2026-03-02T10:00:00+00:00"]


def test_a_file_gets_a_sidecar_and_an_audit_entry(charged, tmp_path):
    call_command("export_charges", *DAY, "--format", "xlsx", "--output", str(tmp_path / "march.xlsx"))

    facts = json.loads((tmp_path / "march.xlsx.json").read_text())
    entry = AuditEntry.objects.get(action="export.charges")
    assert facts["file"] == "march.xlsx" and facts["rows"] == 2
    assert (entry.username, entry.detail["rows"], entry.detail["sha256"]) == ("command", 2, facts["sha256"])
    assert entry.detail["order"]["start"] == DAY[1]


def test_a_folder_gets_the_name_of_the_export(charged, tmp_path):
    call_command("export_charges", *DAY, "--output", str(tmp_path), "--account", "acme")

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"charges-hourly_acme_20260302T00Z_20260303T00Z.csv{ending}" for ending in ("", ".json")]


def test_a_file_with_an_unsettled_hour_is_named_provisional(charged, tmp_path):
    usage.queue(usage.call(charged, TEN + timedelta(hours=2), 60))

    call_command("export_charges", *DAY, "--output", str(tmp_path / "march.csv"))

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "march.provisional.csv",
        "march.provisional.csv.json",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "2026-03-02T08:00:00", "--to", "2026-03-03T08:00:00Z"), "from: has no offset"),
        (("--from", "2026-03-02T08:30:00Z", "--to", "2026-03-03T08:00:00Z"), "from: is no whole UTC hour"),
        ((*DAY, "--account", "nobody"), "account: unknown"),
        ((*DAY, "--timezone", "Mars/Base"), "timezone: unknown"),
        ((*DAY, "--format", "parquet"), "output: is missing"),
        ((*DAY, "--spreadsheet"), "output: is missing"),
        ((*DAY, "--spreadsheet", "--format", "xlsx", "--output", "x"), "spreadsheet: is a kind of CSV"),
        ((*DAY, "--output", "/nowhere/at/all.csv"), "output: is in a folder that is not there"),
    ],
)
def test_a_wrong_argument_is_named(db, arguments, told):
    with pytest.raises(CommandError, match=told):
        call_command("export_charges", *arguments)


def test_both_parties_of_a_call_are_masked_and_x_is_not(called, capfdbinary):
    rows, facts = run(capfdbinary, "export_calls")

    assert {(row["account"], row["caller"], row["callee"]) for row in rows} == {
        (code, "+86139****0101", "+86137****0202") for code in ("acme", "bolt")
    }
    answered = next(row for row in rows if row["account"] == "acme")
    assert (answered["number"], answered["dialled"], answered["displayed"]) == ("+8617100000001",) * 3
    assert (answered["talk_seconds"], answered["minutes"], answered["answered_at"]) == (
        "61",
        "2",
        "2026-03-02T18:00:05+08:00",
    )
    assert (facts["masking"], facts["control_totals"], facts["complete"]) == ("both parties masked", {"rows": 2}, "yes")


def test_no_real_number_is_anywhere_in_a_masked_export(called, tmp_path):
    for options in ((), ("--sms",), ("--spreadsheet",)):
        call_command("export_calls", *DAY, *options, "--output", str(tmp_path / f"c{len(options)}.csv"))

    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for number in (A, B, A[3:], B[3:]):
        assert number.encode() not in content
    assert b"secret text" not in content


def test_sms_detail_has_short_numbers_masked(called, capfdbinary):
    rows, _ = run(capfdbinary, "export_calls", "--sms")

    assert [(row["sms_id"], row["sender"], row["receiver"], row["parts"]) for row in rows] == [
        ("m-1", "1****", "+86139****0101", "1")
    ]


def test_a_real_number_needs_a_permitted_person_and_a_reason(called, operator, support, capfdbinary):
    for missing in (("--user", "operator"), ("--reason", "ticket 7")):
        with pytest.raises(CommandError, match="unmasked"):
            call_command("export_calls", *DAY, "--unmasked", *missing)
    with pytest.raises(CommandError, match="user: may not export this"):
        call_command("export_calls", *DAY, "--unmasked", "--reason", "ticket 7", "--user", "support")
    with pytest.raises(CommandError, match="user: unknown"):
        call_command("export_calls", *DAY, "--unmasked", "--reason", "ticket 7", "--user", "ghost")

    rows, facts = run(capfdbinary, "export_calls", "--unmasked", "--reason", "ticket 7", "--user", "operator")

    assert {(row["caller"], row["callee"]) for row in rows} == {(A, B)}
    entry = AuditEntry.objects.get(action="export.calls")
    assert (entry.username, entry.reason, entry.detail["rows"]) == ("operator", "ticket 7", 2)
    assert entry.detail["order"]["unmasked"] and A not in json.dumps(entry.detail)
    assert "ticket 7" in facts["masking"]


def test_a_person_bound_to_an_account_exports_only_its_calls(called, bolt, capfdbinary):
    cast.staff("customer", bolt.account, "bolt-user")

    rows, facts = run(capfdbinary, "export_calls", "--user", "bolt-user")

    assert [row["account"] for row in rows] == ["bolt"] and facts["scope"] == "bolt"
    with pytest.raises(CommandError, match="account: unknown"):
        call_command("export_calls", *DAY, "--user", "bolt-user", "--account", "acme")


def test_call_detail_in_every_format_has_the_same_rows(called, tmp_path):
    hashes = set()
    for fmt in ("csv", "xlsx", "parquet"):
        call_command("export_calls", *DAY, "--format", fmt, "--output", str(tmp_path / f"c.{fmt}"))
        hashes.add(json.loads((tmp_path / f"c.{fmt}.json").read_text())["sha256"])

    assert len(hashes) == 1
