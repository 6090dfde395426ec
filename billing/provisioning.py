"""The money of a provision file: top-ups, prices, packages and purchases (docs/operations.md)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from accounts.models import Account
from accounts.provision_file import Entry
from accounts.provisioning import Tally, errors_of, missing, named, write
from billing import arrears, ledger
from billing.models import LedgerAccount, LedgerTransaction, Package, Purchase, Tariff
from billing.purchases import buy
from billing.tariffs import set_price
from privacy import provisioning as numbers

PACKAGE_FIELDS = ("name", "minutes", "messages", "price", "currency", "months")


def account_is_used(account: Account) -> bool:
    """Return whether money or traffic is booked in an account, so that currency and zone cannot change any more."""
    if any(model.objects.filter(account=account).exists() for model in (LedgerTransaction, Purchase, Tariff)):
        return True
    return numbers.account_is_used(account.pk)


def open_ledgers(accounts: Sequence[Account], now: datetime) -> None:
    """Open the ledger account of each account, and set its state by its limits of now."""
    for account in accounts:
        # Only an account that was never used can have another currency than its ledger account.
        LedgerAccount.objects.filter(account=account).exclude(currency=account.currency).update(
            currency=account.currency
        )
    ledger.open_accounts([account.pk for account in accounts])
    for account in accounts:
        arrears.follow(account, ledger.balance(account), now)


def apply_topups(entries: Sequence[Entry], tally: Tally, now: datetime) -> None:
    """Post the top-ups that account entries hold; the same reference with the same amount is unchanged."""
    accounts = _accounts(entry["code"] for entry in entries)
    for entry in entries:
        topup: Entry | None = entry["topup"]
        if topup is None:
            continue
        account = accounts[entry["code"]]
        key = f"topup:{account.code}:{topup['reference']}"
        known = LedgerTransaction.objects.filter(key=key).exists()
        with errors_of(topup):
            ledger.topup(account=account, amount=topup["amount"], reference=topup["reference"], now=now)
        tally.counts["topups"]["unchanged" if known else "created"] += 1


def apply_tariffs(entries: Sequence[Entry], tally: Tally) -> None:
    """Set prices, oldest first, so that each is cut where the next one of the file begins."""
    accounts = _accounts(entry["account"] for entry in entries)
    for entry in sorted(entries, key=lambda each: each["valid_from"]):
        account = named(entry, "account", accounts)
        key = {name: entry[name] for name in ("item", "number_kind", "currency", "valid_from")}
        found = Tariff.objects.filter(**key, account=account).first()
        with errors_of(entry):
            made = set_price(**key, account=account, **_price(entry, found))
        same = found is not None and found.valid_to == made.valid_to
        tally.counts["tariffs"]["created" if found is None else "unchanged" if same else "updated"] += 1


def _price(entry: Entry, found: Tariff | None) -> dict[str, Any]:
    """Return price and end: what the entry says, and for what it does not say what there is."""
    price = entry["price"]
    if found is not None:
        price = price if entry.has("price") else found.price
        return {"price": price, "valid_to": entry["valid_to"] if entry.has("valid_to") else found.valid_to}
    return {"price": missing(entry, "price") if price is None else price, "valid_to": entry["valid_to"]}


def apply_packages(entries: Sequence[Entry], tally: Tally) -> None:
    """Create or update packages. What was bought before keeps what it was bought with."""
    rows = Package.objects.in_bulk([entry["code"] for entry in entries], field_name="code")
    for entry in entries:
        row = rows.get(entry["code"]) or Package(code=entry["code"])
        values = entry.values(*PACKAGE_FIELDS, new=row._state.adding)
        if "name" in values:
            values["name"] = values["name"] or entry["code"]
        if "price" in values and values["price"] is None:
            missing(entry, "price")
        with errors_of(entry):
            tally.counts["packages"][write(row, values)] += 1


def apply_purchases(entries: Sequence[Entry], tally: Tally, now: datetime) -> None:
    """Buy packages. A purchase is never changed: of a known reference what is absent or null stays as it was bought."""
    accounts = _accounts(entry["account"] for entry in entries)
    packages = Package.objects.in_bulk([e["package"] for e in entries if e["package"]], field_name="code")
    for entry in entries:
        account = named(entry, "account", accounts)
        package = named(entry, "package", packages)
        found = Purchase.objects.select_related("package").filter(account=account, reference=entry["reference"]).first()
        with errors_of(entry):
            if found is None:
                _buy(entry, account, package or missing(entry, "package"), now)
            else:
                _compare(entry, found)
        tally.counts["purchases"]["created" if found is None else "unchanged"] += 1


def _buy(entry: Entry, account: Account, package: Package, now: datetime) -> None:
    buy(
        account=account,
        package=package,
        now=now,
        purchased_at=entry["purchased_at"] or now,
        **{name: entry[name] for name in ("reference", "starts_at", "ends_at", "minutes", "messages")},
        **{name: entry[name] for name in ("priority", "charge", "override")},
    )


def _compare(entry: Entry, found: Purchase) -> None:
    """Raise the error about the first key in which an entry differs from what was bought."""
    bought = {
        "package": found.package.code,
        "charge": found.charged,
        **{name: getattr(found, name) for name in ("purchased_at", "starts_at", "ends_at")},
        **{name: getattr(found, name) for name in ("minutes", "messages", "priority")},
    }
    for name, value in bought.items():
        if entry.given.get(name) is not None and entry[name] != value:
            raise entry.error(name, "differs from what was bought under this reference", "a purchase cannot be changed")


def _accounts(codes: Iterable[str | None]) -> dict[str, Account]:
    return Account.objects.in_bulk([code for code in codes if code], field_name="code")
