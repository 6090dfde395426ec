"""Which pushes a batch leaves for the customers, and where each goes (pushes.md 0, 1, 4).

Those of number status: `privacy.numbers.telling`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from notifications.models import Push
from notifications.outbox import DuePush
from privacy import asking
from privacy.models.arrivals import Kind
from privacy.storing.candidates import Candidate
from privacy.storing.messages import direction_of, parts_of
from privacy.wire import pushes as bodies

CALLIN = "callin"
BLOCK = "block"
_LOW_63 = (1 << 63) - 1


def url_of(candidate: Candidate) -> str | None:
    """Return the URL that a record's push goes to; None when none is due.

    A Block callin or SMS is the platform's question to the customer, not a push; nor is the callin of a call that he
    was asked about, for the question was that push.
    """
    application, facts = candidate.owner.application, candidate.facts
    match candidate.item.kind:
        case Kind.CDR:
            return application.cdr_url or None
        case Kind.EVENT:
            if facts.event_type == CALLIN:
                if candidate.asked or facts.notify_mode.lower() == BLOCK:
                    return None
                return application.callin_url or application.call_status_url or None
            return application.call_status_url or None
        case Kind.SMS:
            return (application.sms_url or None) if facts.notification_mode == "Notify" else None
    return None


def mark_asked(upstream_id: int, candidates: Iterable[Candidate], now: datetime) -> None:
    """Mark the callin events of calls about which the customer was asked."""
    callins = [c for c in candidates if c.item.kind == Kind.EVENT and c.facts.event_type == CALLIN and url_of(c)]
    if callins:
        applications = {c.owner.application.id for c in callins}
        asked = asking.asked_sessions(upstream_id, applications, {c.facts.session_id for c in callins}, now)
        for c in callins:
            c.asked = c.facts.session_id in asked


def of_calls(candidates: Iterable[Candidate]) -> Iterator[DuePush]:
    """Return the pushes of calls and events that were placed in sessions."""
    for c in candidates:
        url = url_of(c)
        if url is None:
            continue
        application = c.owner.application
        if c.item.kind == Kind.CDR:
            kind, body = Push.Kind.CDR, bodies.fee(c.item, application.app_key)
        else:
            kind, body = Push.Kind.EVENT, bodies.event(c.item, c.facts.event_type)
        order_key = c.order_key or own_order(c.id.int)
        yield DuePush(application.id, application.account_id, url, kind, c.id, order_key, c.sequence, c.at, body)


def of_messages(candidates: Iterable[Candidate]) -> Iterator[DuePush]:
    """Return the pushes of messages; those of one message leave in the order in which its results came."""
    for c in candidates:
        url = url_of(c)
        if url is not None:
            application = c.owner.application
            body = bodies.message(
                c.item,
                application.app_key,
                with_content=application.keep_sms_content,
                parts=parts_of(c.facts),
                direction=direction_of(c.facts),
            )
            yield DuePush(
                application.id,
                application.account_id,
                url,
                Push.Kind.SMS,
                c.id,
                own_order(c.id.int),
                c.sequence,
                c.at,
                body,
                variant=c.sequence,
            )


def own_order(id: int) -> int:
    """Return an order key for what has no session: below zero, so that it is never a session's."""
    return -(id & _LOW_63) - 1
