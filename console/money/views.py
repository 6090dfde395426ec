"""Balances, packages, the ledger and settlement runs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import scope as account_scope
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope
from billing.models import LedgerEntry, LedgerTransaction, Package, Purchase, SettlementRun, SettlementTotal
from console import pages
from console.history import paging
from console.money import listing
from privacy.models import Usage

TOTALS_AT_MOST = 500


@require("money")
@require_safe
def balances(request: HttpRequest) -> HttpResponse:
    """Return every account's balance and standing; those in trouble can be picked out."""
    scope, filters = listing.scope_and_filters(request)
    state = request.GET.get("state", "")
    rows = scope.rows(Account).select_related("balance")
    if state in Account.State.values:
        rows = rows.filter(state=state)
    if filters.account:
        rows = rows.filter(pk=filters.account.pk)
    page = paging.page(rows, **listing.keys(request))
    states = [("", _("All")), *Account.State.choices]
    return listing.show(
        request, "console/money/balances.html", _("Balances"), scope, filters, page, states=states, state=state
    )


@require("money")
@require_safe
def packages(request: HttpRequest) -> HttpResponse:
    """Return purchases with what is left in them, and the packages on offer."""
    scope, filters = listing.scope_and_filters(request)
    now = timezone.now()
    current = request.GET.get("current", "1") == "1"
    rows = scope.rows(Purchase).select_related("account", "package").filter(**filters.of_account())
    if current:
        rows = rows.filter(ends_at__gt=now).filter(
            Q(minutes__gt=F("minutes_used")) | Q(messages__gt=F("messages_used")) | Q(starts_at__gt=now)
        )
    page = paging.page(rows, **listing.keys(request))
    return listing.show(
        request, "console/money/packages.html", _("Packages"), scope, filters, page,
        current=current, now=now, offers=Scope(None).rows(Package).order_by("price", "code"),
    )  # fmt: skip


@require("money")
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Return ledger transactions, newest first; of one account with the balance after each."""
    scope, filters = listing.scope_and_filters(request)
    kind = request.GET.get("kind", "")
    rows = scope.rows(LedgerTransaction).select_related("account").filter(**filters.of_account())
    rows = rows.prefetch_related("entries__ledger_account")
    if filters.start:
        rows = rows.filter(booked_at__gte=filters.start)
    if filters.end:
        rows = rows.filter(booked_at__lt=filters.end)
    if kind in LedgerTransaction.Kind.values:
        rows = rows.filter(kind=kind)
    page = paging.page(rows, **listing.keys(request))
    account = filters.account or scope.rows(Account).first() if filters.account or scope.account_id else None
    running = account is not None
    if account:
        add_balances(scope, account, page.rows)
    return listing.show(
        request, "console/money/ledger.html", _("Ledger"), scope, filters, page,
        kinds=[("", _("All")), *LedgerTransaction.Kind.choices], kind=kind, running=running, account=account,
    )  # fmt: skip


def add_balances(scope: Scope, account: Account, transactions: Sequence[Any]) -> None:
    """Give each transaction of an account, newest first, its part of the balance and the balance after it."""
    if not transactions:
        return
    newest, oldest = transactions[0].pk, transactions[-1].pk
    entries = scope.rows(LedgerEntry).filter(ledger_account__account=account, transaction__lte=newest)
    balance = entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    moved = entries.filter(transaction__gte=oldest).values_list("transaction").annotate(total=Sum("amount"))
    remaining = sorted(moved, reverse=True)
    by_transaction = dict(remaining)
    for row in transactions:
        while remaining and remaining[0][0] > row.pk:
            balance -= remaining.pop(0)[1]
        row.own, row.balance_after = by_transaction.get(row.pk, Decimal(0)), balance


@require("money")
@require_safe
def ledger_transaction(request: HttpRequest, pk: int) -> HttpResponse:
    """Return one ledger transaction with its entries, which add up to 0."""
    scope = account_scope.for_user(request.user)
    rows = scope.rows(LedgerTransaction).select_related("account", "run", "reverses")
    found = rows.prefetch_related("entries__ledger_account").filter(pk=pk).first()
    if found is None:
        raise Http404
    total = sum((entry.amount for entry in found.entries.all()), Decimal(0))
    frame = pages.context(request, title=_("Ledger transaction"), transaction=found, total=total)
    return render(request, "console/money/ledger_transaction.html", frame)


@require("money")
@require_safe
def settlement_runs(request: HttpRequest) -> HttpResponse:
    """Return the settlement runs, newest first; they span accounts, so a customer's user sees none."""
    scope, filters = listing.scope_and_filters(request)
    rows = scope.rows(SettlementRun)
    if filters.start:
        rows = rows.filter(hour__gte=filters.start)
    if filters.end:
        rows = rows.filter(hour__lt=filters.end)
    page = paging.page(rows, **listing.keys(request))
    return listing.show(
        request, "console/money/settlement_runs.html", _("Settlement runs"), scope, filters, page, accounts=()
    )


@require("money")
@require_safe
def settlement_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Return one settlement run with what it booked per account, application and item."""
    scope = account_scope.for_user(request.user)
    found = scope.rows(SettlementRun).filter(pk=pk).first()
    if found is None:
        raise Http404
    totals = scope.rows(SettlementTotal).filter(run=found).select_related("account", "application")
    totals = totals.order_by("account__code", "booked_hour", "item")
    frame = pages.context(
        request, title=_("Settlement run"), run=found, totals=totals[:TOTALS_AT_MOST], at_most=TOTALS_AT_MOST,
        waiting=scope.rows(Usage).filter(shard=found.shard, hour=found.hour).count(),
    )  # fmt: skip
    return render(request, "console/money/settlement_run.html", frame)
