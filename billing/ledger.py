"""The ledger: double entry, append-only, every posting under a key of its own (billing.md 5).

A customer's ledger account holds what we owe it: a top-up adds, a charge takes. Positive is prepaid.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Account
from billing import arrears
from billing.locks import shard_lock
from billing.models import Balance, LedgerAccount, LedgerEntry, LedgerTransaction, SettlementRun
from common import sql
from common.errors import BadInput, Conflict
from common.money import exact

REVENUE_ITEMS = ("call", "sms", "rental", "package")

Entries = Sequence[tuple[str, Decimal]]


class LedgerConflict(Conflict):
    """A key that is taken by a posting with other content. The text names both."""


def post(
    *,
    key: str,
    kind: str,
    account: Account,
    booked_at: datetime,
    entries: Entries,
    now: datetime,
    note: str = "",
    run: SettlementRun | None = None,
    reverses: LedgerTransaction | None = None,
) -> LedgerTransaction:
    """Post entries [(ledger account code, amount), ...] that add up to 0 and move the balance; return the transaction.

    The same key with the same kind, account, entries and reversed transaction is a repeat: the first one comes back
    and nothing changes. Other content raises LedgerConflict. Amounts have six decimals at most.
    """
    wanted = sorted((code, exact(amount)) for code, amount in entries)
    with transaction.atomic():
        shard_lock(account.shard)
        found = LedgerTransaction.objects.filter(key=key).first()
        if found is not None:
            _refuse_other_content(found, kind, account, wanted, reverses)
            return found
        _check(account, wanted)
        ledger_accounts = {code: _ledger_account(code, account) for code, _ in wanted}
        made = LedgerTransaction.objects.create(
            key=key,
            kind=kind,
            account=account,
            booked_at=booked_at,
            posted_at=now,
            run=run,
            reverses=reverses,
            note=note,
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(transaction=made, ledger_account=ledger_accounts[code], amount=amount)
            for code, amount in wanted
        )
        _move_balance(account, wanted, now)
    return made


def topup(*, account: Account, amount: Decimal, reference: str, now: datetime) -> LedgerTransaction:
    """Add money to a customer's balance; the same reference again changes nothing. Raises BadInput, LedgerConflict."""
    if exact(amount) <= 0:
        raise BadInput("amount", "is not above 0")
    if not reference:
        raise BadInput("reference", "is missing", "a top-up is known by its reference")
    return post(
        key=f"topup:{account.code}:{reference}",
        kind=LedgerTransaction.Kind.TOPUP,
        account=account,
        booked_at=now,
        entries=[(customer(account), amount), (f"cash:{account.currency}", -amount)],
        now=now,
    )


def balance(account: Account) -> Decimal:
    """Return the customer's balance: the sum of its entries, in its currency, exact."""
    amount = Balance.objects.filter(account=account).values_list("amount", flat=True).first()
    return Decimal(0) if amount is None else amount


def open_account(account: Account) -> LedgerAccount:
    """Return the customer's ledger account; make what is missing of it, its balance and the house's."""
    open_accounts([account.pk])
    return LedgerAccount.objects.get(code=customer(account))


def open_accounts(accounts: Sequence[int]) -> None:
    """Make the ledger accounts and balances that these accounts (ids) lack, and the house's in their currencies."""
    with transaction.atomic(), connection.cursor() as cursor:
        parameters: dict[str, Any] = {"accounts": list(accounts), "items": list(REVENUE_ITEMS)}
        for name in ("open_house_accounts", "open_customer_accounts", "open_balances"):
            cursor.execute(sql.query("billing", name), parameters)


def customer(account: Account) -> str:
    """Return the code of a customer's ledger account."""
    return f"customer:{account.code}"


def revenue(item: str, currency: str) -> str:
    """Return the code of the ledger account that earns for an item: call, sms, rental or package."""
    return f"revenue:{item}:{currency}"


def _check(account: Account, entries: Sequence[tuple[str, Decimal]]) -> None:
    if not entries or any(amount == 0 for _, amount in entries):
        raise BadInput("entries", "an entry is never 0, and a transaction never empty")
    if sum(amount for _, amount in entries) != 0:
        raise BadInput("entries", "do not add up to 0")
    foreign = [code for code, _ in entries if code.startswith("customer:") and code != customer(account)]
    if foreign:
        raise BadInput("entries", f"{foreign[0]} is another customer's", "post one transaction for each customer")


def _ledger_account(code: str, account: Account) -> LedgerAccount:
    if code == customer(account):
        return open_account(account)
    found, _ = LedgerAccount.objects.get_or_create(code=code, defaults={"currency": account.currency})
    if found.currency != account.currency:
        raise BadInput("entries", f"{code} is not in {account.currency}")
    return found


def _move_balance(account: Account, entries: Sequence[tuple[str, Decimal]], now: datetime) -> None:
    moved = sum((amount for code, amount in entries if code == customer(account)), Decimal(0))
    Balance.objects.filter(account=account).update(amount=F("amount") + moved)
    arrears.follow(account, balance(account), now)


def _refuse_other_content(
    found: LedgerTransaction,
    kind: str,
    account: Account,
    wanted: list[tuple[str, Decimal]],
    reverses: LedgerTransaction | None,
) -> None:
    stored = sorted(found.entries.values_list("ledger_account__code", "amount"))
    same = (found.kind, found.account_id, found.reverses_id) == (kind, account.pk, reverses.pk if reverses else None)
    if not same or stored != wanted:
        raise LedgerConflict(
            f"{found.key} is posted already as {found.kind} {_text(stored)}; asked for now: {kind} {_text(wanted)}"
        )


def _text(entries: Sequence[tuple[str, Decimal]]) -> str:
    return ", ".join(f"{code} {amount:f}" for code, amount in entries)
