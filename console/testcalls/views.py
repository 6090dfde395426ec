"""Test calls: the list with the form, playing one, and the page of one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, flow, roles
from accounts.addresses import client_address
from accounts.roles import require
from accounts.scope import for_user
from common.errors import BadInput, NotReady
from common.phone import mask_in_text
from console import pages
from console.testcalls import words
from console.testcalls.forms import TestCallForm
from privacy import testcalls
from privacy.models import TestCall

PAGE = 50
REFUSED, TOO_MANY, AWAY = 400, 429, 503


@require("look")
@require_safe
def test_calls(request: HttpRequest) -> HttpResponse:
    """Return the list, newest first."""
    return _list(request)


@require("try_out")
@require_POST
def play_test_call(request: HttpRequest) -> HttpResponse:
    """Play a test call; the same form sent again shows what was played."""
    form = TestCallForm(request.POST, scope=for_user(request.user))
    if not form.is_valid():
        return _list(request, form, status=REFUSED)
    application, wanted = form.application_row(), form.wanted()
    if flow.take(application.pk, client_address(request)).refused:
        form.add_error(None, _("Too many requests at once. Wait a moment."))
        return _list(request, form, status=TOO_MANY)
    user, now = request.user.get_username(), timezone.now()
    try:
        # The person's name is in the key: another person's token is another test.
        call = testcalls.play(application, wanted, key=f"{user} {form.cleaned_data['key']}", asked_by=user, now=now)
    except BadInput as problem:
        form.refused(problem, application)
        return _list(request, form, status=REFUSED)
    except NotReady:
        form.add_error(None, _("Too many requests at once. Wait a moment."))
        return _list(request, form, status=AWAY)
    if call.asked_at == now:
        audit.record(
            user=request.user, action="test.play", subject_kind="test_call", subject=call.session_id,
            account=application.account, detail={"scenario": call.scenario}, request=request,
        )  # fmt: skip
    messages.success(request, _("Played. %(n)s pushes are queued.") % {"n": call.pushes})
    return redirect("test_call", call.pk)


@require("look")
@require_safe
def test_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page of one: its pushes with their state, and what the customer's server said."""
    rows = for_user(request.user).rows(TestCall).select_related("application__account")
    call = get_object_or_404(rows, pk=pk)
    pushes = testcalls.queued(call)
    frame = pages.context(
        request,
        title=_("Test call"),
        call=call,
        scenario=words.scenario(call.scenario),
        answer=words.answer(call.answer),
        pushes=[(push, words.STATES.get(push.state, push.state), _masked(push.body)) for push in pushes],
        shows_names=for_user(request.user).account_id is None,
        missing=[words.URL_FIELDS[name] for name in testcalls.missing_urls(call.application, call.scenario)],
        may_play=roles.may(request.user, "try_out"),
        test_number=testcalls.TEST_NUMBER,
    )
    return render(request, "console/testcalls/detail.html", frame)


def _masked(body: str) -> str:
    """Return a body with the numbers of people masked; the numbers of every test are nobody's."""
    for place, number in enumerate(testcalls.NOBODYS):
        body = body.replace(number, f"\0{place}\0")
    body = mask_in_text(body)
    for place, number in enumerate(testcalls.NOBODYS):
        body = body.replace(f"\0{place}\0", number)
    return body


def _list(request: HttpRequest, form: TestCallForm | None = None, status: int = 200) -> HttpResponse:
    scope = for_user(request.user)
    rows = scope.rows(TestCall).select_related("application__account").order_by("-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_play = roles.may(request.user, "try_out")
    application = request.GET.get("application", "")
    frame: dict[str, Any] = pages.context(
        request,
        title=_("Test calls"),
        page=page,
        rows=[(call, words.scenario(call.scenario)) for call in page.object_list],
        form=(form or TestCallForm(scope=scope, application=application)) if may_play else None,
        many_accounts=scope.account_id is None,
        test_number=testcalls.TEST_NUMBER,
    )
    return render(request, "console/testcalls/list.html", frame, status=status)
