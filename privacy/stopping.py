"""Orders to end a call: the customer gives one, the switch takes it and drops both legs (northbound.md 8).

An order is handed out until it is taken, so none is lost with an answer that did not arrive; the switch that meets a
call which is over already has nothing to do.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from accounts.models import Application, Upstream, UpstreamApplication
from common import timeid
from common.errors import MasklineError
from privacy.models import Call, CallEvent, Session, StopOrder
from privacy.storing.sessions import SILENCE, session_key

# Records of one call may differ by the rounding of their times to whole seconds.
ROUNDING = timedelta(seconds=1)
AT_ONCE = 100


class NotStoppable(MasklineError):
    """The session is over, unknown, or another application's."""


def stop(application: Application, session_id: str, *, request_id: UUID | None, now: datetime) -> StopOrder:
    """Order the end of a live call of the application and return the order; the same again for a call asked before.

    Raises NotStoppable.
    """
    with transaction.atomic():
        session, began_at = _live(application, session_id, now)
        order, new = StopOrder.objects.select_for_update().get_or_create(
            session=session,
            defaults={"account_id": application.account_id, "application": application, "request_id": request_id},
        )
        if not new and order.taken_at is not None and order.ordered_at < began_at:
            # The order was for an earlier call of this session: a handset that dialled again.
            order.ordered_at, order.taken_at, order.request_id = now, None, request_id
            order.save(update_fields=["ordered_at", "taken_at", "request_id"])
    return order


def open_orders(upstream: Upstream, now: datetime, limit: int = AT_ONCE, *, app_key: str = "") -> list[StopOrder]:
    """Return the orders for a switch's calls that it has not taken, oldest first; after a day a call is over.

    `app_key`: the upstream's own name of one application, when it signed with that: only that one's.
    """
    waiting = _for(upstream, app_key).filter(ordered_at__gt=now - SILENCE)
    return list(waiting.select_related("session__upstream").order_by("id")[:limit])


def is_live(session: Session) -> bool:
    """Return whether the session's present call is not known to be over."""
    return not _is_over(session, _began_at(session))


def shown(order: StopOrder) -> dict[str, Any]:
    """Return an order as the switch gets it."""
    return {
        "id": order.pk,
        "session_id": order.session.session_id,
        "ordered_at": order.ordered_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def take(upstream: Upstream, order_ids: Iterable[int], now: datetime, *, app_key: str = "") -> int:
    """Mark orders as taken by the switch and return how many are so now for the first time."""
    return _for(upstream, app_key).filter(pk__in=list(order_ids)).update(taken_at=now)


def _for(upstream: Upstream, app_key: str) -> QuerySet[StopOrder]:
    waiting = StopOrder.objects.filter(taken_at__isnull=True, session__upstream=upstream)
    named = UpstreamApplication.objects.filter(upstream=upstream, app_key=app_key)
    return waiting.filter(application__in=named.values("application")) if app_key else waiting


def _live(application: Application, session_id: str, now: datetime) -> tuple[Session, datetime]:
    """Return the application's session and when its present call began. Raises NotStoppable."""
    try:
        key = session_key(session_id)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say and no session id has
        raise NotStoppable from None
    # Every upstream by name: the index begins with it.
    upstreams = list(Upstream.objects.values_list("pk", flat=True))
    sessions = Session.objects.filter(
        upstream__in=upstreams, session_key=key, application=application, last_at__gt=now - SILENCE
    )
    for session in sessions.order_by("-generation", "-id"):
        began_at = _began_at(session)
        if not _is_over(session, began_at):
            return session, began_at
    raise NotStoppable


def _began_at(session: Session) -> datetime:
    """Return when the newest call of a session came in; a handset's redial is a second call of it."""
    came_in = _events(session).filter(event_type="callin").aggregate(at=Max("occurred_at"))["at"]
    return max(session.first_at, came_in or session.first_at)


def _is_over(session: Session, began_at: datetime) -> bool:
    hung_up = _events(session).filter(event_type="disconnect", occurred_at__gte=began_at)
    calls = Call.objects.filter(pk__gte=_since(session), session_id=session.session_id, upstream=session.upstream_id)
    return hung_up.exists() or calls.filter(Q(ended_at__gte=began_at) | Q(call_in_at__gte=began_at)).exists()


def _events(session: Session) -> QuerySet[CallEvent]:
    return CallEvent.objects.filter(
        pk__gte=_since(session), session_id=session.session_id, upstream=session.upstream_id
    )


def _since(session: Session) -> UUID:
    """Return the least id of the session's records: those of earlier days are not looked at."""
    return timeid.lower(session.first_at - ROUNDING)
