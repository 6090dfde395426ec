"""The page of one call, event or message: all its fields, what belongs to it, and revealing its numbers."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts import scope as account_scope
from accounts.roles import require
from accounts.scope import Scope
from billing.models import Charge
from common import timeid
from console import charges, pages, revealing
from notifications.models import Push
from privacy.models import Call, CallEvent, Message, MessageResult, Session, Usage

AROUND = timedelta(hours=24)
RELATED = ("account", "application", "number", "upstream", "source")
AT_MOST = 500


@require("look")
@require_safe
def call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a call."""
    return _call_page(request, _find(request, Call, pk))


@require("reveal")
@require_POST
def reveal_call(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a call with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, _find(request, Call, pk), "call", _call_page)


@require("look")
@require_safe
def call_event(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a call event."""
    return _event_page(request, _find(request, CallEvent, pk))


@require("reveal")
@require_POST
def reveal_call_event(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a call event with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, _find(request, CallEvent, pk), "call_event", _event_page)


@require("look")
@require_safe
def message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a message."""
    return _message_page(request, _find(request, Message, pk))


@require("reveal")
@require_POST
def reveal_message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a message with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, _find(request, Message, pk), "message", _message_page)


def _call_page(request: HttpRequest, call: Call, **more: Any) -> HttpResponse:
    scope = account_scope.for_user(request.user)
    events = _of_session(scope, CallEvent, call)
    charge = scope.rows(Charge).filter(pk=call.pk).select_related("account", "tariff", "run").first()
    extra = {
        "call": call,
        "session": _session(scope, call),
        "twins": [other for other in _of_session(scope, Call, call) if other.pk != call.pk],
        "events": events,
        "pushes": _pushes(scope, [call.pk, *(event.pk for event in events)]),
        "charge": charge,
        "splits": charges.splits(scope, charge) if charge else [],
        "transaction": charges.transaction_of(scope, charge) if charge else None,
        "waiting": None if charge else scope.rows(Usage).filter(pk=call.pk).first(),
        "unknown_fields": _json(call.unknown_fields),
    }
    return _render(request, "console/history/call.html", _("Call"), call.pk, {**extra, **more})


def _event_page(request: HttpRequest, event: CallEvent, **more: Any) -> HttpResponse:
    scope = account_scope.for_user(request.user)
    extra = {
        "event": event,
        "session": _session(scope, event),
        "calls": _of_session(scope, Call, event),
        "pushes": _pushes(scope, [event.pk]),
        "unknown_fields": _json(event.unknown_fields),
    }
    template = "console/history/call_event.html"
    return _render(request, template, _("Call event"), event.pk, {**extra, **more})


def _message_page(request: HttpRequest, message: Message, **more: Any) -> HttpResponse:
    scope = account_scope.for_user(request.user)
    charge = scope.rows(Charge).filter(pk=message.pk).select_related("account", "tariff", "run").first()
    extra = {
        "message": message,
        # In scope because the message is; results themselves know no account.
        "results": MessageResult.objects.filter(message_id=message.pk).order_by("ordinal"),
        "pushes": _pushes(scope, [message.pk]),
        "charge": charge,
        "splits": charges.splits(scope, charge) if charge else [],
        "transaction": charges.transaction_of(scope, charge) if charge else None,
        "waiting": None if charge else scope.rows(Usage).filter(pk=message.pk).first(),
        "unknown_fields": _json(message.unknown_fields),
    }
    return _render(request, "console/history/message.html", _("SMS"), message.pk, {**extra, **more})


def _find(request: HttpRequest, model: type[Any], pk: UUID) -> Any:
    """Return the record if it is in the person's scope; another account's is as absent as none."""
    found = account_scope.for_user(request.user).rows(model).select_related(*RELATED).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _render(request: HttpRequest, template: str, title: str, pk: UUID, extra: dict[str, Any]) -> HttpResponse:
    may_reveal = roles.may(request.user, "reveal")
    may_money = roles.may(request.user, "money")
    extra.setdefault("revealed", False)
    frame = pages.context(request, title=title, pk=pk, may_reveal=may_reveal, may_money=may_money, **extra)
    return render(request, template, frame)


def _of_session(scope: Scope, model: type[Model], record: Any) -> Sequence[Any]:
    """Return the rows of a record's session, by the session id's index, within a day: few partitions are read."""
    if not record.session_id:
        return []
    at = timeid.instant(record.pk)
    first, last = timeid.id_range(at - AROUND, at + AROUND)
    rows: QuerySet[Any] = scope.rows(model).filter(session_id=record.session_id, pk__gte=first, pk__lt=last)
    rows = rows.filter(upstream_id=record.upstream_id)
    return list(rows.select_related("number", "application").order_by("pk")[:AT_MOST])


def _session(scope: Scope, record: Any) -> Session | None:
    """Return the session of a record: of several generations the one whose time holds it."""
    if not record.session_id:
        return None
    key = hashlib.sha256(record.session_id.encode()).digest()[:16]
    rows = scope.rows(Session).filter(upstream_id=record.upstream_id, session_key=key)
    at = timeid.instant(record.pk)
    return rows.filter(first_at__lte=at + AROUND, last_at__gte=at - AROUND).order_by("-generation").first()


def _pushes(scope: Scope, causes: Sequence[UUID]) -> QuerySet[Push]:
    rows = scope.rows(Push).filter(cause_id__in=causes).select_related("endpoint")
    return rows.order_by("endpoint_id", "order_key", "sequence")


def _json(body: bytes | None) -> str:
    """Return a kept body as indented JSON, as text where it is none."""
    if not body:
        return ""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return bytes(body).decode(errors="replace")
