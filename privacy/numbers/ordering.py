"""Orders of numbers (号码订购): so many of a city for an application. Issuing names them.

An order looks at no balance and charges no rental: money comes with the rental run (billing.md 6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Application
from common import areas
from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from common.sql import query
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberOrder
from privacy.numbers.rows import Checks, application_named

MOST_NUMBERS = 10_000
MOST_REFERENCE = 64
# The advisory lock of ordering and issuing ("numb" in ASCII).
LOCK = 0x6E756D62


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """One order as it is asked for; `reference` is unique in its account, the same again is the same order."""

    application: str
    area_code: str
    quantity: int | str
    reference: str
    kind: str = Number.Kind.VIRTUAL
    sms: bool = True
    note: str = ""
    line: int = 0


@transaction.atomic
def order(
    rows: Sequence[OrderRow], *, actor: Actor, now: datetime, dry_run: bool = False
) -> tuple[list[NumberOrder], int]:
    """Keep orders; return the new ones and how many were there already. Raises BadRows."""
    checks, new, repeated = Checks(), list[NumberOrder](), 0
    one_at_a_time(dry_run)
    known = Application.objects.select_related("account").in_bulk({r.application for r in rows}, field_name="app_key")
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        with checks.of(row.line):
            made = _checked(row, application_named(row.application, known), actor, now)
            identity = (made.account_id, made.reference)
            if identity in seen:
                raise BadInput("reference", _("stands in line %(line)s already") % {"line": seen[identity]})
            seen[identity] = row.line
            if _is_there(made):
                repeated += 1
            else:
                new.append(made)
    checks.finish()
    if not dry_run:
        NumberOrder.objects.bulk_create(new)
    return new, repeated


@transaction.atomic
def cancel(number_order: NumberOrder, *, now: datetime) -> bool:
    """Close an open order: nothing more is issued for it. Return whether it was open. Raises Conflict once issued."""
    locked = NumberOrder.objects.select_for_update().get(pk=number_order.pk)
    if locked.state == NumberOrder.State.ISSUED:
        raise Conflict(_("All numbers of this order were issued."))
    if locked.state == NumberOrder.State.CANCELLED:
        return False
    locked.state, locked.closed_at = NumberOrder.State.CANCELLED, now
    locked.save(update_fields=["state", "closed_at"])
    return True


def one_at_a_time(dry_run: bool) -> None:
    """Wait for whoever orders or issues now, until the end of the transaction: then what he made is seen."""
    if not dry_run:
        with connection.cursor() as cursor:
            cursor.execute(query("privacy", "one_issue_at_a_time"), {"lock": LOCK})


def kind_of(text: str) -> str:
    """Return a kind of number. Raises BadInput."""
    if text not in Number.Kind.values:
        raise BadInput("kind", _("is unknown"), _("write virtual or carrier"))
    return text


def quantity_of(value: int | str) -> int:
    """Return how many numbers are ordered. Raises BadInput."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MOST_NUMBERS):
        cure = _("give a whole number from 1 to %(most)s") % {"most": MOST_NUMBERS}
        raise BadInput("quantity", _("cannot be used"), cure)
    return int(text)


def _checked(row: OrderRow, application: Application, actor: Actor, now: datetime) -> NumberOrder:
    reference = row.reference.strip()
    if not reference or len(reference) > MOST_REFERENCE or not reference.isprintable():
        raise BadInput("reference", _("is missing or too long"), _("give each order a name of its own, such as o-1"))
    return NumberOrder(
        account=application.account, application=application, area_code=areas.normalise_code(row.area_code),
        kind=kind_of(row.kind), sms=row.sms, quantity=quantity_of(row.quantity), reference=reference,
        note=mask_in_text(row.note)[:500], ordered_by=actor.name, ordered_at=now,
    )  # fmt: skip


def _is_there(made: NumberOrder) -> bool:
    """Return whether the same order was made before. Raises BadInput when its reference names another one."""
    found = NumberOrder.objects.filter(account=made.account, reference=made.reference).first()
    if found is None:
        return False
    same = ("application_id", "area_code", "kind", "sms", "quantity")
    if any(getattr(found, name) != getattr(made, name) for name in same):
        raise BadInput("reference", _("names another order already"), _("give this one a reference of its own"))
    return True
