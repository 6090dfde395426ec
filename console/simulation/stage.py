"""What there is to play with: numbers that an upstream may report for and that are held during the whole time,
and the bindings that were made for the traffic before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Upstream
from console.simulation.customer import Made
from console.simulation.people import Line
from console.simulation.wanted import Wanted
from privacy.models import Binding, Holding


@dataclass(frozen=True, slots=True)
class Known:
    """A binding that was made before, and whether it has ended."""

    made: Made
    ended: bool


def lines(upstream: Upstream, *, start: datetime, end: datetime) -> list[Line]:
    """Return the X's in the order of their numbers: the same database gives the same traffic."""
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=end), valid_from__lte=start)
    held = held.filter(Q(number__upstream__isnull=True) | Q(number__upstream=upstream))
    if not upstream.every_account:
        held = held.filter(application__account__in=upstream.accounts.all())
    found = held.select_related("number", "application__account").order_by("number__number")
    return [_line(holding) for holding in found]


def known(app_key: str, wanted: Iterable[Wanted]) -> dict[str, Known]:
    """Return the bindings that an earlier run has made, by their order: also those that have ended since."""
    parties = {one.a for one in wanted}
    rows = Binding.objects.filter(application__app_key=app_key, a_number__in=parties, user_data__isnull=False)
    found = {}
    for row in rows.select_related("number").order_by("valid_from", "pk"):
        made = Made(row.subscription_id, row.number.number, row.extension)
        found[str(row.user_data)] = Known(made, row.valid_to is not None)
    return found


def _line(holding: Holding) -> Line:
    number, application = holding.number, holding.application
    return Line(
        number=number.number,
        account=application.account.code,
        app_key=application.app_key,
        mode=application.mode,
        area_code=number.area_code,
        sms=number.sms and application.sms,
        recording=application.recording,
        extension_digits=application.extension_digits,
    )
