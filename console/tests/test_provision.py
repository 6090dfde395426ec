"""`provision`: a file creates or updates what it names, repeatably, all or nothing."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Account, Application, AuditEntry, Upstream, UpstreamApplication
from billing import ledger
from billing.models import LedgerTransaction, Package, Purchase, Tariff
from console.provisioning import provision
from console.tests.provisioned import *  # noqa: F403
from console.tests.provisioned import DAY, FEBRUARY, FILE, NOW, Apply, counts, refusal
from privacy.models import Call, Holding, Number, Quarantined
from privacy.tests import wires
from privacy.tests.deliveries import deliver_fees


def test_a_file_creates_everything_it_names(apply: Apply) -> None:
    tally = apply(**FILE)
    assert all(counts(tally, name) == (1, 0, 0) for name in FILE if name != "bindings")
    assert counts(tally, "upstream applications") == counts(tally, "topups") == (1, 0, 0)
    account = Account.objects.get()
    assert (account.time_zone, account.currency, account.low_balance) == ("Asia/Shanghai", "CNY", Decimal(100))
    application = Application.objects.get()
    assert (application.mode, application.extension_digits, application.recording) == ("AXB", 4, True)
    upstream = Upstream.objects.get()
    assert (upstream.key, upstream.every_account, list(upstream.accounts.all())) == ("switch1", False, [account])
    assert UpstreamApplication.objects.get().application == application
    holding = Holding.objects.get()
    assert (holding.application, holding.valid_from, holding.valid_to) == (application, FEBRUARY, None)
    assert ledger.balance(account) == Decimal(62)
    assert Purchase.objects.get().starts_at == datetime(2026, 2, 1, 3, tzinfo=UTC)
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["createPrivateNumberService", "provision"]


def test_the_same_file_again_changes_nothing(apply: Apply) -> None:
    apply(**FILE)
    tally = apply(now=NOW + DAY, **FILE)
    assert not tally.changed and not tally.secrets
    assert all(counts(tally, name) == (0, 0, 1) for name in FILE if name != "bindings")
    assert AuditEntry.objects.filter(action="provision").count() == 1


def test_an_absent_key_is_left_alone_and_null_is_the_rules_default(apply: Apply) -> None:
    cdr = "https://acme.example/cdr"
    apply(
        accounts=[{"code": "acme", "low_balance": "5"}],
        applications=[{"account": "acme", "app_key": "k", "cdr_url": cdr}],
    )
    apply(accounts=[{"code": "acme"}], applications=[{"app_key": "k"}])
    assert (Account.objects.get().low_balance, Application.objects.get().cdr_url) == (Decimal(5), cdr)
    tally = apply(accounts=[{"code": "acme", "low_balance": None}], applications=[{"app_key": "k", "cdr_url": None}])
    assert (Account.objects.get().low_balance, Application.objects.get().cdr_url) == (Decimal(100), None)
    assert counts(tally, "accounts") == counts(tally, "applications") == (0, 1, 0)


def test_secrets_that_are_absent_are_made_and_told_once(apply: Apply) -> None:
    lists: dict[str, Any] = {
        "accounts": [{"code": "acme"}],
        "applications": [{"account": "acme", "app_key": "k"}],
        "upstreams": [{"code": "s", "applications": [{"app_key": "v", "application": "k"}]}],
    }
    tally = apply(**lists)
    made = {line.split(": ")[0]: line.split(": ")[1] for line in tally.secrets}
    assert set(made) == {"app_secret of k", "secret of s", "app_secret of v"}
    assert all(len(text) == 32 for text in made.values()) and len(set(made.values())) == 3
    assert Application.objects.get().app_secret == made["app_secret of k"]
    lists["applications"][0]["app_secret"] = None
    assert not apply(**lists).secrets
    assert Application.objects.get().app_secret == made["app_secret of k"]


def test_an_upstream_may_serve_every_account_again(apply: Apply) -> None:
    apply(**FILE)
    tally = apply(upstreams=[{"code": "switch1", "accounts": None}])
    upstream = Upstream.objects.get()
    assert (upstream.every_account, upstream.accounts.count(), counts(tally, "upstreams")) == (True, 0, (0, 1, 0))


def test_an_upstreams_hosts_of_recordings_and_its_url_for_stop_orders_can_be_set_and_cleared(apply: Apply) -> None:
    switch = {"code": "switch1", "recording_hosts": ["rec.example"], "stop_url": "https://switch.example/stops"}
    expected = [(["rec.example"], "https://switch.example/stops"), ([], None)]
    for given, kept in zip([switch, {**switch, "recording_hosts": None, "stop_url": None}], expected, strict=True):
        apply(upstreams=[given])
        assert not apply(upstreams=[{"code": "switch1"}]).changed
        upstream = Upstream.objects.get()
        assert (upstream.recording_hosts, upstream.stop_url) == kept


def test_one_mistake_and_nothing_is_written(apply: Apply) -> None:
    lists = {**FILE, "purchases": [{**FILE["purchases"][0], "package": "call501"}]}
    assert refusal(apply, **lists) == "purchases[0].package: is unknown: neither in the file nor provisioned before"
    assert not Account.objects.exists() and not Number.objects.exists()


def test_the_examples_in_the_documentation_are_good(db: None) -> None:
    for _ in range(2):
        for path in sorted((settings.BASE_DIR / "docs" / "examples").glob("*.json"), reverse=True):
            tally = provision(path, datetime.now(UTC))
    assert not tally.changed


# --- what cannot change ---------------------------------------------------------------------------------------------


def test_currency_and_zone_change_until_the_account_is_used(apply: Apply) -> None:
    apply(accounts=[{"code": "acme"}])
    apply(accounts=[{"code": "acme", "currency": "EUR", "time_zone": "Europe/Berlin"}])
    apply(accounts=[{"code": "acme", "topup": {"amount": "1", "reference": "t"}}])
    assert ledger.open_account(Account.objects.get()).currency == "EUR"
    assert (
        refusal(apply, accounts=[{"code": "acme", "currency": "CNY"}])
        == "accounts[0].currency: cannot change after use"
    )
    assert "time_zone: cannot change" in refusal(apply, accounts=[{"code": "acme", "time_zone": "UTC"}])
    assert "accounts[0].currency" in refusal(apply, accounts=[{"code": "acme", "currency": None}])
    assert not apply(accounts=[{"code": "acme", "currency": "EUR"}]).changed


def test_the_mode_changes_until_something_happened_under_it(apply: Apply) -> None:
    apply(**FILE)
    apply(applications=[{"app_key": "demoAppKey01", "mode": "X"}])
    fee = wires.fee(appKey="demoAppKey01", bindNum="+8617100000001")
    assert deliver_fees(Upstream.objects.get(), fee, now=NOW).stored == 1
    changed = [{"app_key": "demoAppKey01", "mode": "AX"}]
    assert "applications[0].mode: cannot change after use" in refusal(apply, applications=changed)
    assert not apply(applications=[{"app_key": "demoAppKey01", "mode": "X"}]).changed


def test_an_application_stays_with_its_account(apply: Apply) -> None:
    apply(**FILE)
    assert "applications[0].account: cannot change" in refusal(
        apply, accounts=[{"code": "bolt"}], applications=[{"app_key": "demoAppKey01", "account": "bolt"}]
    )


def test_a_top_up_reference_with_another_amount_is_refused(apply: Apply) -> None:
    apply(**FILE)
    text = refusal(apply, accounts=[{"code": "acme", "topup": {"amount": "99", "reference": "t-1"}}])
    assert text.startswith("accounts[0].topup: topup:acme:t-1 is posted already")
    assert ledger.balance(Account.objects.get()) == 62


# --- prices, packages, purchases ------------------------------------------------------------------------------------


def test_a_newer_price_cuts_the_older_and_both_files_stay_repeatable(apply: Apply) -> None:
    old = {"item": "call", "price": "0.06", "valid_from": "2026-01-01T00:00:00+08:00", "valid_to": None}
    new = {"item": "call", "price": "0.07", "valid_from": "2026-04-01T00:00:00+08:00", "valid_to": None}
    apply(tariffs=[new, old])
    assert [t.valid_to for t in Tariff.objects.order_by("valid_from")] == [datetime(2026, 3, 31, 16, tzinfo=UTC), None]
    assert not apply(tariffs=[old]).changed and not apply(tariffs=[new, old]).changed
    assert "a price is never edited" in refusal(apply, tariffs=[{**old, "price": "0.08"}])
    ended = apply(tariffs=[{**new, "valid_to": "2026-05-01T00:00:00+08:00"}])
    assert counts(ended, "tariffs") == (0, 1, 0)


def test_a_price_of_an_account_is_in_its_currency(apply: Apply) -> None:
    apply(accounts=[{"code": "acme", "currency": "EUR"}])
    price = {"item": "sms", "price": 0, "valid_from": "2026-01-01T00:00:00Z", "account": "acme"}
    assert refusal(apply, tariffs=[price]).startswith("tariffs[0].currency: is not the account's")
    apply(tariffs=[{**price, "currency": "EUR"}])
    assert Tariff.objects.get().price == 0


def test_a_package_may_change_and_what_was_bought_stays(apply: Apply) -> None:
    apply(**FILE)
    tally = apply(packages=[{"code": "call500", "minutes": 600}], purchases=FILE["purchases"])
    assert counts(tally, "packages") == (0, 1, 0) and counts(tally, "purchases") == (0, 0, 1)
    assert (Package.objects.get().minutes, Purchase.objects.get().minutes) == (600, 500)
    changed = [{**FILE["purchases"][0], "minutes": 700}]
    assert refusal(apply, purchases=changed).startswith("purchases[0].minutes: differs from what was bought")


def test_a_purchase_the_balance_does_not_cover_needs_charge_false_or_an_override(apply: Apply) -> None:
    lists = {**FILE, "accounts": [{"code": "acme"}]}
    bought = FILE["purchases"][0]
    assert "purchases[0]: the balance of acme does not cover" in refusal(apply, **lists)
    apply(**{**lists, "purchases": [{**bought, "charge": False}]})
    assert not LedgerTransaction.objects.exists()
    apply(**{**lists, "purchases": [{**bought, "reference": "p-2", "override": True}]})
    account = Account.objects.get()
    assert (ledger.balance(account), account.state) == (Decimal(-38), Account.State.ARREARS)
    apply(accounts=[{"code": "acme", "credit_limit": "40"}])
    assert Account.objects.get().state == Account.State.LOW


def test_an_application_that_lacks_a_url_is_accepted_and_said_to_be_incomplete(apply: Apply) -> None:
    tally = apply(accounts=[{"code": "acme"}], applications=[{"account": "acme", "app_key": "k", "mode": "X"}])
    assert [notice.split(": ")[1] for notice in tally.notices] == [
        "mode X needs a call_status_url",
        "SMS in mode X needs an sms_control_url",
    ]


# --- the keys of the doors ------------------------------------------------------------------------------------------


def test_a_vendors_app_key_is_no_upstreams_key_and_belongs_to_one_upstream(apply: Apply) -> None:
    apply(**FILE)
    vendor = {"app_key": "vendorKey", "application": "demoAppKey01"}
    for upstream, where in (
        ({"code": "s2", "key": "vendorKey"}, "upstreams[0].key"),
        (
            {"code": "s2", "applications": [vendor]},
            "upstreams[0].applications[0].app_key: is listed for another upstream",
        ),
        ({"code": "s2", "applications": [{**vendor, "app_key": "switch1"}]}, "upstreams[0].applications[0].app_key"),
        ({"code": "s2", "key": "switch1"}, "upstreams[0]: is refused by the rule"),
        ({"code": "s2", "accounts": ["corp"]}, "upstreams[0].accounts: names an account that is unknown"),
    ):
        assert refusal(apply, upstreams=[upstream]).startswith(where)


# --- what waited for it ---------------------------------------------------------------------------------------------


def test_records_that_waited_for_what_a_file_adds_are_stored(apply: Apply) -> None:
    apply(upstreams=[{"code": "switch1"}])
    fee = wires.fee(appKey="demoAppKey01", bindNum="+8617100000001")
    assert deliver_fees(Upstream.objects.get(), fee, now=NOW).quarantined == 1
    tally = apply(**{name: rows for name, rows in FILE.items() if name != "upstreams"})
    assert (tally.released, Call.objects.count(), Quarantined.objects.get().state) == (1, 1, "stored")


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_prints_secrets_and_counts_and_then_that_nothing_changed(db: None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    lists = {**FILE, "applications": [{"account": "acme", "app_key": "demoAppKey01"}]}
    path.write_text("\N{ZERO WIDTH NO-BREAK SPACE}" + json.dumps(lists), encoding="utf-8")
    first, second = io.StringIO(), io.StringIO()
    call_command("provision", str(path), stdout=first)
    call_command("provision", str(path), stdout=second)
    assert first.getvalue().startswith("app_secret of demoAppKey01: ")
    assert "numbers: 1 created, 0 updated, 0 unchanged" in first.getvalue()
    assert "nothing changed" in second.getvalue() and "app_secret" not in second.getvalue()


def test_the_command_names_file_list_index_and_field(db: None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"numbers": [{"number": "139 secret"}]}', encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("provision", str(path))
    assert str(refused.value) == f"{path}: numbers[0].number: cannot be used; write it with + and country code"
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("provision", str(tmp_path / "none.json"))


@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_are_applied_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(FILE), encoding="utf-8")

    def one(_: int) -> bool:
        try:
            return bool(provision(path, NOW).changed)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(one, range(4))) == [False, False, False, True]
    assert (Number.objects.count(), LedgerTransaction.objects.count()) == (1, 2)
