"""Where pushes of an application would go as it is now: for those that are sent again after its URLs changed."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Application
from notifications.models import Push
from privacy.models import CallEvent
from privacy.storing.pushes import CALLIN
from privacy.stranded import url_for


def urls_now(application_id: int, pushes: Sequence[tuple[str, UUID | None]]) -> list[str | None]:
    """Return the URL of each push, known by kind and cause; of an event without a cause: the call-status URL."""
    application = Application.objects.get(pk=application_id)
    callins = _callins([cause for kind, cause in pushes if kind == Push.Kind.EVENT and cause])
    return [url_for(application, kind, CALLIN if cause in callins else "") for kind, cause in pushes]


def _callins(events: list[UUID]) -> set[UUID]:
    return set(CallEvent.objects.filter(pk__in=events, event_type=CALLIN).values_list("pk", flat=True))
