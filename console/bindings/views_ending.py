"""Ending bindings: what to end, how many that are now, whether a call is live on them; then, for a reason, the end."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Application
from accounts.roles import require
from accounts.scope import Scope, for_user
from common import phone
from common.errors import BadInput
from console import job_kinds, jobs, pages
from console.bindings import ending
from console.bindings.detail import find
from console.bindings.ending import Selection
from console.models import Job
from console.revealing import REASON_AT_LEAST
from privacy import bindings
from privacy.models import Number

AT_ONCE = 100
LIVE_LOOKED_AT = 2000
SUGGESTIONS = 200
WHAT = [
    (ending.PARTY, gettext_lazy("A real number (A or B)")),
    (ending.NUMBER, gettext_lazy("An X number")),
    (ending.APPLICATION, gettext_lazy("A whole application")),
]


class SelectionForm(forms.Form):
    """Which bindings to end."""

    what = forms.ChoiceField(label=gettext_lazy("All bindings of"), choices=WHAT)
    text = forms.CharField(label=gettext_lazy("Number or app_key"), max_length=128)
    application = forms.CharField(
        label=gettext_lazy("Only in the application"),
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"list": "applications", "placeholder": gettext_lazy("All")}),
    )

    def __init__(self, data: Any = None, *, scope: Scope, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.scope = scope
        self.applications = scope.rows(Application).order_by("app_key")[:SUGGESTIONS]

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data with the text in its stored form; say what is not known."""
        cleaned: dict[str, Any] = super().clean() or {}
        text, what = cleaned.get("text", "").strip(), cleaned.get("what")
        if not text or what is None:
            return cleaned
        try:
            cleaned["text"] = text if what == ending.APPLICATION else phone.parse_typed(text)
        except BadInput:
            self.add_error("text", _("This is too long for a number."))
            return cleaned
        if what == ending.NUMBER and not self.scope.rows(Number).filter(number=cleaned["text"]).exists():
            self.add_error("text", _("There is no such X number."))
        app_key = text if what == ending.APPLICATION else cleaned.get("application", "").strip()
        if app_key and not self.scope.rows(Application).filter(app_key=app_key).exists():
            self.add_error(
                "text" if what == ending.APPLICATION else "application", _("There is no application with this app_key.")
            )
        return cleaned

    def selection(self) -> Selection:
        """Return the valid form as a selection."""
        cleaned = self.cleaned_data
        app_key = "" if cleaned["what"] == ending.APPLICATION else cleaned["application"].strip()
        return Selection(cleaned["what"], cleaned["text"], app_key)


@require("bind")
@require_http_methods(["GET", "POST"])
def end_bindings(request: HttpRequest) -> HttpResponse:
    """Return the form that says what to end; POST returns the preview: the count, and what is live."""
    scope = for_user(request.user)
    initial = {"what": ending.APPLICATION, "text": request.GET["application"]} if "application" in request.GET else {}
    if "number" in request.GET:
        initial = {"what": ending.NUMBER, "text": request.GET["number"]}
    form = SelectionForm(request.POST or None, scope=scope, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _preview(request, scope, form.selection())
    frame = pages.context(request, title=_("End bindings"), form=form)
    return render(request, "console/bindings/end.html", frame, status=400 if form.errors else 200)


@require("bind")
@require_safe
def end_binding(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the preview of ending one binding."""
    return _preview(request, for_user(request.user), Selection(ending.ONE, str(find(request, pk).pk)))


@require("bind")
@require_POST
def end_apply(request: HttpRequest) -> HttpResponse:
    """End what a preview showed; if it has become more since, show it again. Twice the same click is one."""
    token, scope = request.POST.get("token", ""), for_user(request.user)
    selection = ending.opened(token, request.user)
    if selection is None:
        messages.error(request, _("This preview is no longer good. Nothing was ended."))
        return redirect("end_bindings")
    reason, planned = request.POST.get("reason", "").strip(), _whole(request.POST.get("planned", ""))
    if len(reason) < REASON_AT_LEAST or not request.POST.get("sure"):
        return _preview(request, scope, selection, problem=_("Give a reason and tick that you are sure."), token=token)
    count = ending.to_end(scope, selection).count()
    if count > planned:
        grown = _("It has become more since the preview was made. Look again.")
        return _preview(request, scope, selection, problem=grown)
    if not count and not scope.rows(Job).filter(kind=ending.KIND, parameters__token=token).exists():
        messages.info(request, _("Nothing holds there any more. Nothing was ended."))
        return redirect("bindings")
    at_once = count <= AT_ONCE
    job = ending.order(selection, token, reason, count, at_once=at_once, request=request)
    return _carried_out(request, selection, job, at_once=at_once)


def _carried_out(request: HttpRequest, selection: Selection, job: Job, *, at_once: bool) -> HttpResponse:
    done = jobs.run(job.pk, job_kinds.carry_out, pulse=False) if at_once and job.state == Job.State.QUEUED else None
    done = done or for_user(request.user).rows(Job).get(pk=job.pk)
    if done.state == Job.State.DONE:
        n = done.result_rows
        text = ngettext("%(n)s binding was ended.", "%(n)s bindings were ended.", n) % {"n": n}
        messages.success(request, text)
    elif done.state == Job.State.FAILED:
        messages.error(request, done.error)
    else:
        messages.success(request, _("The bindings are being ended. The file with what became of each appears here."))
        return redirect("jobs")
    return redirect("binding", selection.text) if selection.kind == ending.ONE else redirect("jobs")


def _preview(
    request: HttpRequest, scope: Scope, selection: Selection, *, problem: str = "", token: str = ""
) -> HttpResponse:
    rows = ending.to_end(scope, selection)
    groups = list(
        rows.order_by().values("application__app_key", "account__code", "kind").annotate(n=Count("pk")).order_by("-n")
    )
    looked_at = rows.order_by("-pk").only("pk", "foreign_id")[:LIVE_LOOKED_AT]
    sample = rows.select_related("number", "application").order_by("-pk")[:5]
    count = sum(group["n"] for group in groups)
    frame = pages.context(
        request,
        title=_("End bindings"),
        selection=selection,
        named=selection.named(),
        count=count,
        groups=groups,
        sample=sample,
        live=len(bindings.live_calls(looked_at)),
        more_than_looked_at=count > LIVE_LOOKED_AT,
        at_once=count <= AT_ONCE,
        problem=problem,
        reason=request.POST.get("reason", "") if problem else "",
        token=token or ending.sealed(selection, request.user),
    )
    return render(request, "console/bindings/end_preview.html", frame, status=400 if problem else 200)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
