"""Which numbers the traffic can use: those an upstream may report for and that are held during the whole time."""

from datetime import datetime

from django.db.models import Q

from accounts.models import Upstream
from console.simulation.people import Line
from privacy.models import Holding


def lines(upstream: Upstream, *, start: datetime, end: datetime) -> list[Line]:
    """Return the X's in the order of their numbers: the same database gives the same traffic."""
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=end), valid_from__lte=start)
    held = held.filter(Q(number__upstream__isnull=True) | Q(number__upstream=upstream))
    if not upstream.every_account:
        held = held.filter(application__account__in=upstream.accounts.all())
    found = held.select_related("number", "application__account").order_by("number__number")
    return [_line(holding) for holding in found]


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
    )
