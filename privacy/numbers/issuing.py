"""New numbers with their holders. Any E.164 number up to 15 digits, China's 700 segment too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Application, Upstream
from common import areas
from common.errors import BadInput
from common.phone import E164
from privacy.bindings import statements
from privacy.bindings.orders import Actor
from privacy.models import Holding, Number, NumberChange, NumberOrder
from privacy.numbers import rows as row_tools
from privacy.numbers.changes import step
from privacy.numbers.ordering import kind_of, one_at_a_time
from privacy.numbers.rows import Checks, Done, NumberRow, Progress, application_named

BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Issue(NumberRow):
    """One number to be issued. What is left out is the order's; without an order virtual, with SMS, of no city."""

    application: str = ""
    area_code: str = ""
    kind: str = ""
    sms: bool | None = None
    upstream: str = ""


@transaction.atomic
def issue(
    rows: Sequence[Issue],
    *,
    order: NumberOrder | None = None,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> Done:
    """Issue numbers to applications, or against an order. Raises BadRows.

    A number that was returned becomes a new row; one that its application holds already stays as it is.
    """
    checks, new, unchanged = Checks(), list[tuple[Number, Application]](), 0
    one_at_a_time(dry_run)
    order = NumberOrder.objects.select_for_update().get(pk=order.pk) if order else None
    kept = row_tools.named_once([_completed(row, order) for row in rows], checks)
    known = row_tools.lock([row.number for row in kept])
    held = row_tools.holdings(list(known.values()))
    applications = _applications(kept)
    upstreams = Upstream.objects.in_bulk({row.upstream for row in kept if row.upstream}, field_name="code")
    for row in kept:
        with checks.of(row.line):
            application = application_named(row.application, applications)
            number = _checked(row, application, upstreams, order, now)
            if _is_there(row, known, held, application):
                unchanged += 1
            else:
                new.append((number, application))
    if order is not None:
        with checks.of(0):
            _check_room(order, len(new))
    checks.finish()
    if not dry_run:
        _write(new, actor, now, progress)
        _count(order, len(new), now)
    accounts = frozenset(application.account_id for _number, application in new)
    return Done([number for number, _application in new], unchanged, accounts=accounts)


def first_rental_month(at: datetime, application: Application) -> date:
    """Return the first month rental is owed: that of the issue, in the account's zone (billing.md 6)."""
    return at.astimezone(ZoneInfo(application.account.time_zone)).date().replace(day=1)


def _completed(row: Issue, order: NumberOrder | None) -> Issue:
    """Return a row with the order's values where it has none."""
    if order is None:
        return replace(row, kind=row.kind or Number.Kind.VIRTUAL, sms=row.sms is not False)
    return replace(
        row,
        application=row.application or order.application.app_key,
        area_code=row.area_code or order.area_code,
        kind=row.kind or order.kind,
        sms=order.sms if row.sms is None else row.sms,
    )


def _applications(rows: Sequence[Issue]) -> dict[str, Application]:
    found = Application.objects.select_related("account")
    return found.in_bulk({row.application for row in rows}, field_name="app_key")


def _checked(
    row: Issue, application: Application, upstreams: dict[str, Upstream], order: NumberOrder | None, now: datetime
) -> Number:
    """Return a new number, not saved. Raises BadInput."""
    if not E164.fullmatch(row.number):
        raise BadInput("number", _("is no number"), _("write it with + and country code, at most 15 digits"))
    if row.upstream and row.upstream not in upstreams:
        raise BadInput("upstream", _("is unknown"), _("give the code of an upstream, or leave it empty"))
    code = areas.normalise_code(row.area_code) if row.area_code else areas.area_of(row.number)
    kind = kind_of(row.kind)
    if order is not None:
        _check_order(order, application, code, kind)
    return Number(
        number=row.number, area_code=code, kind=kind, sms=bool(row.sms), upstream=upstreams.get(row.upstream),
        order=order, issued_at=now, rental_from=first_rental_month(now, application),
    )  # fmt: skip


def _check_order(order: NumberOrder, application: Application, code: str, kind: str) -> None:
    """Raise BadInput for what the order did not ask for."""
    ordered = {"application": order.application_id, "area_code": order.area_code, "kind": order.kind}
    given = {"application": application.pk, "area_code": code, "kind": kind}
    for name, wanted in ordered.items():
        if given[name] != wanted:
            raise BadInput(name, _("is not the order's"), _("leave it empty, or issue the number without the order"))


def _is_there(row: Issue, known: dict[str, Number], held: dict[int, Holding], application: Application) -> bool:
    """Return whether the application holds the number already. Raises BadInput when it cannot be issued."""
    number = known.get(row.number)
    if number is None:
        return False
    if number.blacklisted_at is not None:
        raise BadInput("number", _("is blacklisted"), _("take another number, or take it off the blacklist first"))
    if number.state == Number.State.RETURNED:
        return False
    holding = held.get(number.pk)
    if holding is not None and holding.application_id == application.pk:
        return True
    cure = _("transfer it instead, or unsubscribe it first")
    raise BadInput("number", _("is issued already, to another application"), cure)


def _check_room(order: NumberOrder, wanted: int) -> None:
    """Raise BadInput when an order has no room for so many numbers."""
    left = order.quantity - order.issued
    if wanted and order.state != NumberOrder.State.OPEN:
        raise BadInput("order", _("is closed"), _("choose an open order, or none"))
    if wanted > left:
        told = _("has room for %(left)s numbers, the rows are %(wanted)s") % {"left": left, "wanted": wanted}
        raise BadInput("order", told, _("take lines out, or issue the rest without the order"))


def _write(new: Sequence[tuple[Number, Application]], actor: Actor, now: datetime, progress: Progress) -> None:
    for start in range(0, len(new), BATCH):
        batch = new[start : start + BATCH]
        Number.objects.bulk_create([number for number, _application in batch])
        statements.run("copy_coolings", {"numbers": [number.pk for number, _application in batch]})
        Holding.objects.bulk_create(
            [Holding(number=number, application=application, valid_from=now) for number, application in batch]
        )
        kind = NumberChange.Kind.ISSUED
        NumberChange.objects.bulk_create(
            step(number, kind, actor=actor, now=now, after=to.app_key, account=to.account) for number, to in batch
        )
        progress(start + len(batch))


def _count(order: NumberOrder | None, issued: int, now: datetime) -> None:
    """Count what was issued for an order; the last one closes it."""
    if order is None or not issued:
        return
    order.issued += issued
    if order.issued == order.quantity:
        order.state, order.closed_at = NumberOrder.State.ISSUED, now
    order.save(update_fields=["issued", "state", "closed_at"])
