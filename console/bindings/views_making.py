"""The pages a binding is made on: choose the application, fill in its mode's form, see the binding."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from console import pages
from console.bindings import making
from console.bindings.detail import find
from console.bindings.forms import BindForm
from console.bindings.listing import HOLDING
from console.bindings.modes import FORMS, RelationForm
from console.templatetags import bindings as words
from privacy import bindings
from privacy.bindings import Actor
from privacy.models import Binding

OFFERED = 200


@require("bind")
@require_safe
def bind(request: HttpRequest) -> HttpResponse:
    """Return the page that asks for the application; one that is named goes on to its form."""
    rows = for_user(request.user).rows(Application).select_related("account").order_by("account__code", "app_key")
    asked = request.GET.get("application", "").strip()
    found = rows.filter(app_key=asked).first() if asked else None
    if found is not None:
        return redirect("bind_in", found.pk)
    problem = _("There is no application with this app_key.") if asked else ""
    frame = pages.context(request, title=_("Bind"), applications=rows[:OFFERED], asked=asked, problem=problem)
    return render(request, "console/bindings/choose.html", frame, status=400 if problem else 200)


@require("bind")
@require_http_methods(["GET", "POST"])
def bind_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the form of an application's mode; POST binds."""
    scope = for_user(request.user)
    application = get_object_or_404(scope.rows(Application).select_related("account"), pk=pk)
    form_class = FORMS.get(application.mode)
    if form_class is None:
        return _page(request, application, None, _("Bind"))
    form = form_class(request.POST or None, application=application, scope=scope)
    return _answered(
        request, application, form, lambda actor: bindings.bind(application, form.order(), actor), _("Bind")
    )


@require("bind")
@require_http_methods(["GET", "POST"])
def bind_relation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the form that joins a B to an AX of AXYB; POST binds."""
    parent = find(request, pk)
    if parent.kind != Binding.Kind.AXYB:
        raise Http404
    form = RelationForm(request.POST or None, parent=parent, scope=for_user(request.user))

    def join(actor: Actor) -> Binding:
        return bindings.bind_yb(parent.application, parent, actor=actor, **form.asked())

    if words.holds(parent) != HOLDING:
        messages.info(request, _("The binding has ended meanwhile."))
        return redirect("binding", pk)
    return _answered(request, parent.application, form, join, _("Bind a B to it"), parent=parent)


def _answered(
    request: HttpRequest,
    application: Application,
    form: BindForm,
    order: Callable[[Actor], Binding],
    title: str,
    **more: Any,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        nonce, reason = request.POST.get("nonce", "")[:64] or uuid4().hex, form.cleaned_data["reason"]
        scope = for_user(request.user)
        try:
            made = making.bind_once(scope, application, nonce, order, reason=reason, request=request)
        except making.Refusal as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.sentence)
        else:
            text = _("Bound: calls to %(number)s reach the other party now.") % {"number": made.number.number}
            messages.success(request, text)
            return redirect("binding", made.pk)
    return _page(request, application, form, title, **more)


def _page(
    request: HttpRequest, application: Application, form: BindForm | None, title: str, **more: Any
) -> HttpResponse:
    hindrance = ""
    try:
        making.check_usable(application)
    except making.Refusal as problem:
        hindrance = problem.sentence
    nonce = request.POST.get("nonce", "")[:64] or uuid4().hex
    frame = pages.context(
        request, title=title, application=application, form=form, hindrance=hindrance, nonce=nonce, **more
    )
    return render(request, "console/bindings/bind.html", frame, status=400 if form and form.errors else 200)
