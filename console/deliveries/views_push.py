"""The page of one push: its body, each attempt with what the server answered, when it is tried next."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from accounts.roles import require
from accounts.scope import for_user
from console import pages, revealing
from console.deliveries import bodies, pushes, words
from console.deliveries.pushes import Delivery
from notifications.listing import message_id
from privacy.models import Call, CallEvent, Message

# Where the page of a push's cause is.
CAUSES = ((Call, "call"), (CallEvent, "call_event"), (Message, "message"))


@require("look")
@require_safe
def push(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a push, numbers in its body and in the answers masked."""
    return _page(request, _find(request, pk))


@require("reveal")
@require_POST
def reveal_push(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the page of a push with body and answers in full, once a reason is given and audited."""
    return revealing.reveal(request, _find(request, pk), "push", _page)


def _find(request: HttpRequest, pk: UUID) -> Delivery:
    found = pushes.find(for_user(request.user), pk)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: Delivery, *, revealed: bool = False, **more: Any) -> HttpResponse:
    scope = for_user(request.user)
    pushes.show_answers(found, scope, revealed=revealed)
    causes = (name for model, name in CAUSES if scope.rows(model).filter(pk=found.cause_id).exists())
    frame = pages.context(
        request,
        title=_("Push"),
        push=found,
        pk=found.pk,
        header_id=message_id(found.pk),
        id_header="webhook-id",
        sequence_header="X-Maskline-Sequence",
        body=bodies.shown(found.body, scope, revealed=revealed),
        cause=next(causes, ""),
        revealed=revealed,
        may_replay=roles.may(request.user, "replay") and not found.question and found.state != words.WAITING,
        may_reveal=roles.may(request.user, "reveal"),
        **more,
    )
    return render(request, "console/deliveries/push.html", frame)
