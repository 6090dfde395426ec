"""The page of one call, event or message: all its fields, what belongs to it, and revealing its numbers."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts import scope as account_scope
from accounts.roles import require
from billing.models import Charge
from common import timeid
from console import charges, pages, revealing
from console.deliveries import panel
from console.history import sms, story
from notifications.models import Push
from privacy.models import Call, CallEvent, Message, Usage

CALLIN, BLOCK = "callin", "block"
RELATED = ("account", "application", "number", "upstream", "source")


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
    told = story.of_record(scope, call)
    causes = {call.pk: Push.Kind.CDR, **{event.pk: Push.Kind.EVENT for event in told["events"]}}
    charge = scope.rows(Charge).filter(pk=call.pk).select_related("account", "tariff", "run").first()
    extra = {
        **told,
        "call": call,
        "twins": [other for other in told["calls"] if other.pk != call.pk],
        "pushed": panel.of_record(scope, call.application, causes, timeid.instant(call.pk)),
        "charge": charge,
        "splits": charges.splits(scope, charge) if charge else [],
        "transaction": charges.transaction_of(scope, charge) if charge else None,
        "waiting": None if charge else scope.rows(Usage).filter(pk=call.pk).first(),
        "unknown_fields": story.as_json(call.unknown_fields),
    }
    return _render(request, "console/history/call.html", _("Call"), call.pk, {**extra, **more})


def _event_page(request: HttpRequest, event: CallEvent, **more: Any) -> HttpResponse:
    scope, at = account_scope.for_user(request.user), timeid.instant(event.pk)
    told = story.of_record(scope, event)
    asked = event.event_type == CALLIN and (event.notify_mode.lower() == BLOCK or bool(told["questions"]))
    extra = {
        **told,
        "event": event,
        "pushed": panel.of_record(scope, event.application, {event.pk: Push.Kind.EVENT}, at, asked=asked),
        "unknown_fields": story.as_json(event.unknown_fields),
    }
    template = "console/history/call_event.html"
    return _render(request, template, _("Call event"), event.pk, {**extra, **more})


def _message_page(request: HttpRequest, message: Message, **more: Any) -> HttpResponse:
    scope, at = account_scope.for_user(request.user), timeid.instant(message.pk)
    asked = message.notification_mode.lower() == BLOCK
    charge = scope.rows(Charge).filter(pk=message.pk).select_related("account", "tariff", "run").first()
    extra = {
        "message": message,
        **sms.of_message(scope, message),
        "pushed": panel.of_record(scope, message.application, {message.pk: Push.Kind.SMS}, at, asked=asked),
        "charge": charge,
        "splits": charges.splits(scope, charge) if charge else [],
        "transaction": charges.transaction_of(scope, charge) if charge else None,
        "waiting": None if charge else scope.rows(Usage).filter(pk=message.pk).first(),
        "unknown_fields": story.as_json(message.unknown_fields),
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
    extra["may_replay"] = roles.may(request.user, "replay")
    extra.setdefault("revealed", False)
    frame = pages.context(request, title=title, pk=pk, may_reveal=may_reveal, may_money=may_money, **extra)
    return render(request, template, frame)
