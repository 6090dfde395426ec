"""Keywords: the list with the form for more, ending some of them, and trying a text."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import roles
from accounts.models import Account
from accounts.roles import require
from accounts.scope import Scope, for_user
from common.errors import BadInput, Conflict
from console import pages
from console.history.filters import Filters, instant
from console.keywords.forms import OFFERED, AddForm, TryForm
from privacy import keywords as rules
from privacy.models import KeywordRule
from privacy.parts import parts
from privacy.routing import keywords as finding

PAGE = 100
HOLDING, ENDED = "holding", "ended"


@require("look")
@require_safe
def keywords(request: HttpRequest) -> HttpResponse:
    """Return the words that hold, those that ended, or those that held at an instant."""
    return _list(request)


@require("configure")
@require_POST
def add_keywords(request: HttpRequest) -> HttpResponse:
    """Add words; what is wrong with them stands at the form, and then nothing was added."""
    form = AddForm(request.POST, scope=for_user(request.user))
    saved = form.save(request.user, request) if form.is_valid() else None
    if saved is None:
        return _list(request, form)
    added, known = saved
    told = ngettext("%(n)s word holds from now on.", "%(n)s words hold from now on.", len(added)) % {"n": len(added)}
    if known:
        told += " " + ngettext("%(n)s held already.", "%(n)s held already.", known) % {"n": known}
    messages.success(request, told)
    return redirect("keywords")


@require("configure")
@require_http_methods(["GET", "POST"])
def end_keywords(request: HttpRequest) -> HttpResponse:
    """Ask whether the ticked words are to end; POST with a reason ends them."""
    rows = for_user(request.user).rows(KeywordRule)
    ticked = [int(pk) for pk in _sent(request).getlist("rule") if pk.isascii() and pk.isdecimal() and len(pk) < 19]
    problem = ""
    try:
        chosen = rules.find(rows, ticked[:PAGE])
        if request.method == "POST" and chosen:
            ended = rules.end(chosen, reason=request.POST.get("reason", ""), user=request.user, request=request)
            told = ngettext("%(n)s word ended.", "%(n)s words ended.", len(ended)) % {"n": len(ended)}
            messages.success(request, told)
            return redirect("keywords")
    except BadInput as bad:
        problem = bad.problem
    except Conflict as conflict:
        messages.error(request, str(conflict))
        return redirect("keywords")
    if not chosen:
        messages.error(request, _("Tick the words that are to end."))
        return _list(request)
    frame = pages.context(request, title=_("End keywords"), chosen=chosen, problem=problem)
    return render(request, "console/keywords/end.html", frame, status=400 if problem else 200)


@require("look")
@require_http_methods(["GET", "POST"])
def try_keywords(request: HttpRequest) -> HttpResponse:
    """Say what would become of a text. It is neither kept nor logged."""
    scope = for_user(request.user)
    if scope.account_id is not None and not scope.rows(Account).exists():
        raise Http404
    form = TryForm(request.POST or None, scope=scope)
    judged = _judged(form) if request.method == "POST" and form.is_valid() else None
    frame = pages.context(
        request, title=_("Try a text"), form=form, judged=judged, accounts=_accounts(scope), longest=rules.LONGEST
    )
    return render(request, "console/keywords/try.html", frame, status=400 if form.errors else 200)


def _judged(form: TryForm) -> dict[str, Any]:
    """Return the result a text has, in the order in which an SMS is decided, and the words found in it."""
    text = form.cleaned_data["text"]
    required, forbidden = rules.words(form.chosen().pk, form.cleaned_data["at"])
    lacks, bad = finding.lacks(text, required), finding.found(text, forbidden)
    return {
        "result": 12 if lacks else 13 if bad else None,
        "required": required,
        "held": finding.found(text, required),
        "bad": bad,
        "forbidden": forbidden,
        "parts": parts(text),
    }


def _list(request: HttpRequest, form: AddForm | None = None) -> HttpResponse:
    scope = for_user(request.user)
    may_change = roles.may(request.user, "configure") and scope.rows(Account).exists()
    query = {name: request.GET.get(name, "").strip()[:128] for name in ("state", "account", "kind", "word", "at")}
    problems = Filters()
    rows = _found(scope, query, instant(query["at"], problems))
    frame = pages.context(
        request,
        title=_("Keywords"),
        page=Paginator(rows, PAGE).get_page(request.GET.get("page")),
        chosen={name: value for name, value in query.items() if value},
        problems=problems.problems,
        kinds=KeywordRule.Kind.choices,
        accounts=_accounts(scope),
        form=(form or AddForm(scope=scope)) if may_change else None,
    )
    return render(request, "console/keywords/list.html", frame, status=400 if form is not None else 200)


def _found(scope: Scope, query: dict[str, str], at: datetime | None) -> QuerySet[KeywordRule]:
    rows = scope.rows(KeywordRule).select_related("account")
    if at is not None:
        rows = rules.holding(rows, at)
    elif query["state"] == ENDED:
        rows = rows.filter(valid_to__isnull=False)
    else:
        rows = rules.holding(rows)
    if query["kind"] in KeywordRule.Kind.values:
        rows = rows.filter(kind=query["kind"])
    if query["account"] and scope.account_id is None:
        rows = rows.filter(account__code=query["account"])
    if query["word"]:
        rows = rows.filter(word__icontains=query["word"])
    if query["state"] == ENDED and at is None:
        return rows.order_by("-valid_to", "-pk")
    return rows.order_by("account__code", "kind", "word", "pk")


def _accounts(scope: Scope) -> list[Account]:
    """Return the accounts to offer; none to a person who has but one."""
    return list(scope.rows(Account).order_by("code")[:OFFERED]) if scope.account_id is None else []


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else request.GET
