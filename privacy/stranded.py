"""Pushes whose endpoint has no URL any more: they go to the new URL of their kind, or are given up with the reason.

A changed URL applies to the next attempt. While the old one is still one of the application's, under whatever kind,
pushes queued for it go there.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from accounts.models import Application
from common import sql
from notifications import hints, outbox
from notifications.models import Push
from notifications.sending import TOTAL_SECONDS
from privacy.numbers.telling import status_url
from privacy.storing.pushes import CALLIN

log = logging.getLogger(__name__)
NO_URL = gettext_noop("Given up: the application has no URL for this any more.")
TOLD_THERE = gettext_noop("Given up: the new URL is told the same by another push.")
AT_ONCE = 1000
# Before another dispatcher sends what this one may just be sending: a request, and that one begins and is noted.
PAUSE_SECONDS = TOTAL_SECONDS + 2
TASK = "privacy.tasks.sweep_outbox"
URL_FIELDS = frozenset(("call_status_url", "callin_url", "cdr_url", "sms_url", "sms_control_url", "number_status_url"))
LEASE_FORGOTTEN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Swept:
    """How many pushes went to another URL, how many were given up, how many shares lost the name of a dead process."""

    moved: int = 0
    given_up: int = 0
    leases: int = 0


def sweep(now: datetime) -> Swept:
    """Look after all pushes that are stranded, a few in each transaction. A second run finds none."""
    moved = given_up = 0
    found_ones = _rows("stranded_endpoints", application=None)
    changed = {application_id for _, application_id in found_ones}
    for application_id in changed | {id for (id,) in _rows("applications_that_left")}:
        _count("note_left", application=application_id)
    for endpoint_id, application_id in found_ones:
        while (found := _some(endpoint_id, application_id)) != (0, 0):
            moved, given_up = moved + found[0], given_up + found[1]
    leases = _count("clear_dead_leases", before=now - LEASE_FORGOTTEN_AFTER)
    if moved or given_up:
        log.info("stranded pushes: %d went to a new URL, %d were given up", moved, given_up)
    return Swept(moved, given_up, leases)


def follow(*, instance: Application, created: bool, update_fields: Collection[str] | None = None, **_: Any) -> None:
    """Look after an application's pushes as soon as the change of its URLs is committed (receiver of post_save)."""
    if not created and (update_fields is None or URL_FIELDS & set(update_fields)):
        transaction.on_commit(partial(_look_after, instance.pk), robust=True)


def _look_after(application_id: int) -> None:
    """Have nothing more sent to URLs that were left, and look after some of what waits there, for somebody waits here.

    A worker does the rest, as it does each minute anyway.
    """
    _count("note_left", application=application_id)
    for endpoint_id, _owner in _rows("stranded_endpoints", application=application_id):
        _some(endpoint_id, application_id)
    if _rows("stranded_endpoints", application=application_id):
        try:
            current_app.send_task(TASK, retry=False)
        except OperationalError:
            log.warning("the broker is away: the rest of the pushes follow within a minute of its return")


def url_for(application: Application, kind: str, event_type: str) -> str | None:
    """Return the URL that a push of this kind goes to as the application is now (pushes.md 0, routing)."""
    match kind:
        case Push.Kind.CDR:
            return application.cdr_url or None
        case Push.Kind.SMS:
            return application.sms_url or None
        case Push.Kind.NUMBER_STATUS:
            return status_url(application)
    callin = application.callin_url if event_type == CALLIN else None
    return callin or application.call_status_url or None


def _some(endpoint_id: int, application_id: int) -> tuple[int, int]:
    """Look after some pushes of one endpoint; return how many moved and how many were given up."""
    moved, lost, doubled = 0, list[UUID](), list[UUID]()
    with transaction.atomic():
        application = Application.objects.get(pk=application_id)
        targets: dict[str, list[UUID]] = defaultdict(list)
        for id, kind, event_type in _rows("stranded_pushes", endpoint=endpoint_id, limit=AT_ONCE):
            url = url_for(application, kind, event_type)
            (targets[url] if url else lost).append(id)
        for url, ids in sorted(targets.items()):
            target = outbox.endpoint_id(application.pk, application.account_id, url)
            if target == endpoint_id:  # put back meanwhile
                continue
            gone = {row[0] for row in _rows("move_pushes", endpoint=target, ids=ids, pause=PAUSE_SECONDS)}
            moved += len(gone)
            doubled += [id for id in ids if id not in gone]
        given_up = _give_up(lost, NO_URL) + _give_up(doubled, TOLD_THERE)
        if moved:
            hints.hint_on_commit()
    return moved, given_up


def _give_up(ids: Sequence[UUID], reason: str) -> int:
    return _count("give_up_pushes", ids=list(ids), reason=reason) if ids else 0


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", name), parameters)
        return list(cursor.fetchall())


def _count(name: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", name), parameters)
        return int(cursor.rowcount)
