"""What the page of a call, an event or an SMS says of its pushes: how each kind stands, and why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Application
from accounts.scope import Scope
from common import timeid
from console.deliveries import pushes, words
from console.deliveries.pushes import Delivery
from notifications.models import Push

# The fields that say where a kind of push goes; one of them is enough.
FIELDS = {
    Push.Kind.CDR: ("cdr_url",),
    Push.Kind.EVENT: ("call_status_url", "callin_url"),
    Push.Kind.SMS: ("sms_url",),
}
# From bad to good: the state that a kind is told by when its pushes are in several.
WORST_FIRST = (words.DEAD, words.PARKED, words.WAITING, words.DELIVERED)


@dataclass(frozen=True, slots=True)
class Sum:
    """How the pushes of one kind stand. `one` is the push to look at: the only one, or the first in the worst state."""

    name: str
    state: str
    level: str
    said: str
    one: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """The pushes of a record, each kind in a line, and whose they are."""

    sums: list[Sum]
    pushes: list[Delivery]
    application_id: int


def of_record(
    scope: Scope, application: Application, causes: Mapping[UUID, str], at: datetime, *, asked: bool = False
) -> Panel:
    """Return the pushes of records, given by id and kind, of about `at`; `asked`: a question to the customer stood in.

    The kinds come in the order of the records.
    """
    found = pushes.of_causes(scope, list(causes), at)
    sums = [_sum(application, kind, found, at, asked=asked) for kind in dict.fromkeys(causes.values())]
    return Panel(sums, found, application.pk)


def add_states(scope: Scope, rows: Sequence[Any], kind: str) -> None:
    """Give each record of a list `pushed`: how its push of a kind stands, in a word, and the level; None without one.

    Two reads for a page, whatever its length.
    """
    ids = [row.pk for row in rows]
    waiting = scope.rows(Push).filter(cause_id__in=ids, kind=kind).values_list("cause_id", "state")
    found = {cause: words.QUEUED[Push.State(state)] for cause, state in waiting}
    others = [id for id in ids if id not in found]
    if others:
        found |= dict.fromkeys(pushes.arrived(scope, others, kind, timeid.instant(min(others))), words.DELIVERED)
    for row in rows:
        row.pushed = words.STATES.get(found.get(row.pk, ""))


def _sum(application: Application, kind: str, found: list[Delivery], at: datetime, *, asked: bool) -> Sum:
    name, mine = words.kind(kind), [one for one in found if one.code == kind]
    if not mine:
        return _none(name, application, kind, at, asked=asked)
    worst = next(state for state in WORST_FIRST if any(one.state == state for one in mine))
    one = next(one for one in mine if one.state == worst)
    said = one.said
    if len(mine) > 1:
        values: dict[str, Any] = {"n": sum(each.state == worst for each in mine), "total": len(mine)}
        said = f"{_('%(n)s of %(total)s') % values} {said if worst != words.DELIVERED else ''}".strip()
    return Sum(name, one.state_name, one.level, said, one)


def _none(name: str, application: Application, kind: str, at: datetime, *, asked: bool) -> Sum:
    days = settings.MASKLINE["retention_attempts_days"]
    if asked:
        said = _("The customer's server was asked about it; the question stood for the push.")
        return Sum(name, _("not pushed"), words.INFO, said)
    if not any(getattr(application, field) for field in FIELDS[Push.Kind(kind)]):
        said = _("The application has no URL for it (%(field)s), so nothing was queued.")
        return Sum(name, _("not configured"), words.WARN, said % {"field": FIELDS[Push.Kind(kind)][0]})
    if at < timezone.now() - timedelta(days=days):
        said = ngettext("Attempts are kept for %(n)s day.", "Attempts are kept for %(n)s days.", days) % {"n": days}
        return Sum(name, _("not known any more"), words.NONE, said)
    return Sum(name, _("not pushed"), words.WARN, _("The application had no URL for it when it came."))
