"""The list of charges, and the page of one that explains itself (billing.md 1-4)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import scope as account_scope
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope
from billing.models import Charge, Tariff
from common import timeid
from console import charges as charge_parts
from console import pages
from console.history import filters as history_filters
from console.history import paging
from console.history.filters import Filters
from console.money import listing
from privacy.models import Call, Message

ITEMS = [("", gettext_lazy("All")), ("call", gettext_lazy("Call")), ("sms", gettext_lazy("SMS"))]
LATE = [("", gettext_lazy("All")), ("1", gettext_lazy("Only late")), ("0", gettext_lazy("Only in time"))]


@dataclass(frozen=True)
class Rank:
    """A price that was valid, and whether it won: the more it says about whom it is for, the earlier it ranks."""

    tariff: Tariff
    meant_for: str | Promise
    chosen: bool


@require("money")
@require_safe
def charges(request: HttpRequest) -> HttpResponse:
    """Return the charges, newest usage first."""
    scope, filters = listing.scope_and_filters(request)
    history_filters.default_range(filters, timezone.now())
    item, late = request.GET.get("item", ""), request.GET.get("late", "")
    rows = _booked(scope.rows(Charge), scope, filters).select_related("account", "application", "number")
    if item in {"call", "sms"}:
        rows = rows.filter(item=item)
    if late in {"0", "1"}:
        rows = rows.filter(late=late == "1")
    page = paging.Page([], None, None) if filters.problems else paging.page(rows, **listing.keys(request, UUID))
    return listing.show(
        request, "console/money/charges.html", _("Charges"), scope, filters, page,
        items=ITEMS, item=item, lates=LATE, late=late,
    )  # fmt: skip


@require("money")
@require_safe
def charge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a charge: what was used, which price won and why, what packages gave, where it was booked."""
    scope = account_scope.for_user(request.user)
    related = ("account", "application", "number", "tariff", "run")
    found = scope.rows(Charge).select_related(*related).filter(pk=pk).first()
    if found is None:
        raise Http404
    frame = pages.context(
        request,
        title=_("Charge"),
        charge=found,
        record=_record(scope, found),
        splits=charge_parts.splits(scope, found),
        transaction=charge_parts.transaction_of(scope, found),
        ranks=ranks(found),
    )
    return render(request, "console/money/charge.html", frame)


def ranks(charge: Charge) -> list[Rank]:
    """Return the prices valid at the charge's time for its account, best rank first (billing.md 3).

    Prices are everyone's or the charge's own account's, which the viewer sees already.
    """
    valid = Scope(None).rows(Tariff).filter(item=charge.item, currency=charge.currency, valid_from__lte=charge.rated_at)
    valid = valid.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=charge.rated_at))
    valid = valid.filter(Q(account__isnull=True) | Q(account=charge.account))
    known = {tariff.pk: tariff for tariff in valid.filter(number_kind__in=[charge.number_kind, "any"])}
    known.setdefault(charge.tariff_id, charge.tariff)
    ordered = sorted(known.values(), key=lambda tariff: (tariff.account_id is None, tariff.number_kind == "any"))
    return [Rank(tariff, _meant_for(tariff, charge.account), tariff.pk == charge.tariff_id) for tariff in ordered]


def _meant_for(tariff: Tariff, account: Account) -> str:
    who = account.code if tariff.account_id else _("every account")
    return f"{who}, {tariff.get_number_kind_display()}"


def _booked(rows: QuerySet[Charge], scope: Scope, filters: Filters) -> QuerySet[Charge]:
    """Limit charges to booked hours. No usage is later than its booked hour: the id prunes from above."""
    rows = rows.filter(**filters.rows())
    if filters.start:
        rows = rows.filter(booked_hour__gte=filters.start)
    if filters.end:
        rows = rows.filter(booked_hour__lt=filters.end, pk__lt=timeid.lower(filters.end))
    return rows


def _record(scope: Scope, charge: Charge) -> Any | None:
    """Return the call or message that was charged; None once it was dropped."""
    model: type[Any] = Call if charge.item == "call" else Message
    return scope.rows(model).filter(pk=charge.reverses or charge.pk).first()
