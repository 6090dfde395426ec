"""The blacklist of an application: searched by a whole number, added to, ended, with the reason."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import roles
from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from common import phone
from common.errors import BadInput, Conflict
from console import pages, revealing
from console.history import paging, terms
from console.risk.forms import EntryForm
from console.risk.views import by, find, may
from privacy.bindings import keys
from privacy.control import changes
from privacy.models import BlacklistEntry

KIND = "blacklist"


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def blacklist(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the entries, newest first; a POST takes the search, which stands sealed in the address."""
    application = find(request, pk)
    if request.method == "POST":
        text = request.POST.get("term", "").strip()
        target = reverse("blacklist", args=[pk])
        token = terms.seal(terms.Term(KIND, text[:64]), request.user) if text else ""
        return HttpResponseRedirect(f"{target}?s={token}" if token else target, status=303)
    return _list(request, application, EntryForm())


@require("bind")
@require_POST
def blacklist_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin an entry; what is wrong with it stands at the form."""
    application, form = find(request, pk), EntryForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            entry, new = changes.add_entry(application, said["side"], said["number"], said["counterpart"], by(request))
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.problem)
        else:
            told = _("%(number)s is on the blacklist from now on.") if new else _("%(number)s is on it already.")
            messages.success(request, told % {"number": phone.mask(entry.number)})
            return redirect("blacklist", pk)
    return _list(request, application, form, status=400)


@require("look")
@require_http_methods(["GET", "POST"])
def blacklist_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Return an entry; POST ends it."""
    entry = _entry(request, pk)
    if request.method != "POST":
        return _page(request, entry)
    if not roles.may(request.user, "bind"):
        return _page(request, entry, problem=_("You may look at it, not end it."), status=403)
    try:
        changes.end_entry(entry, by(request))
    except BadInput as problem:
        return _page(request, entry, problem=problem.problem, status=400)
    except Conflict as late:
        messages.info(request, str(late))
    else:
        messages.success(request, _("%(number)s is off the blacklist.") % {"number": phone.mask(entry.number)})
    return redirect("blacklist", entry.application_id)


@require("reveal")
@require_POST
def reveal_blacklist_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Return an entry with its numbers in full, once a reason is given and audited."""
    return revealing.reveal(request, _entry(request, pk), "blacklist_entry", _page)


def _list(request: HttpRequest, application: Application, form: EntryForm, status: int = 200) -> HttpResponse:
    rows = for_user(request.user).rows(BlacklistEntry).filter(application=application)
    term = terms.unseal(request.GET.get("s", ""), request.user)
    ended = request.GET.get("ended", "")
    if not ended:
        rows = rows.filter(valid_to=None)
    if term is not None and term.kind == KIND:
        rows = _found(rows, term.text)
    before, after = (_key(request.GET.get(name, "")) for name in ("before", "after"))
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    frame = pages.context(
        request,
        title=_("The blacklist"),
        application=application,
        page=paging.page(rows, before=before, after=after),
        term=term,
        ended=ended,
        form=form,
        query=query.urlencode(),
        **may(request),
    )
    return render(request, "console/risk/blacklist.html", frame, status=status)


def _found(rows: Any, text: str) -> Any:
    """Return the entries that name a whole number on either side."""
    try:
        key = keys.caller(phone.parse_typed(text))
    except BadInput:
        return rows.none()
    return rows.filter(Q(key=key) | Q(counterpart_key=key))


def _entry(request: HttpRequest, pk: int) -> Any:
    rows = for_user(request.user).rows(BlacklistEntry).select_related("application__account")
    entry: Any = get_object_or_404(rows, pk=pk)
    entry.account = entry.application.account
    return entry


def _page(request: HttpRequest, entry: Any, *, problem: str = "", status: int = 200, **more: Any) -> HttpResponse:
    frame = pages.context(
        request,
        title=_("Blacklist entry"),
        entry=entry,
        application=entry.application,
        problem=problem,
        back_url=reverse("blacklist_entry", args=[entry.pk]),
        action_url=reverse("reveal_blacklist_entry", args=[entry.pk]),
        may_reveal=roles.may(request.user, "reveal"),
        **{"revealed": False, **may(request), **more},
    )
    return render(request, "console/risk/entry.html", frame, status=status)


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
