"""One rule: added, changed (which ends it and begins another), ended."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Application
from accounts.roles import require
from accounts.scope import for_user
from common.errors import BadInput, Conflict
from console import pages
from console.risk.forms import RuleForm
from console.risk.views import by, find, may
from privacy.control import changes, words
from privacy.models import RiskRule


@require("operate")
@require_http_methods(["GET", "POST"])
def risk_rule_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the form of a new rule; POST begins it."""
    application = find(request, pk)
    form = RuleForm(request.POST or None, initial={"kind": "caller", "most": 3, "window": 5})
    if request.method == "POST" and form.is_valid():
        try:
            made = changes.add_rule(application, form.terms(), by(request))
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.problem)
        else:
            messages.success(request, _("From now on: %(rule)s.") % {"rule": words.of_rule(made)})
            return redirect("risk_application", pk)
    return _page(request, application, form, _("Add a rule"))


@require("operate")
@require_http_methods(["GET", "POST"])
def risk_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a rule with its form; POST changes it, or ends it."""
    rows = for_user(request.user).rows(RiskRule).select_related("application__account")
    rule = get_object_or_404(rows, pk=pk)
    ending = request.method == "POST" and "end" in request.POST
    form = RuleForm(request.POST if request.method == "POST" and not ending else None, initial=RuleForm.of(rule))
    problem = ""
    try:
        if ending:
            changes.end_rule(rule, by(request))
            messages.success(request, _("Ended: %(rule)s.") % {"rule": words.of_rule(rule)})
            return redirect("risk_application", rule.application_id)
        if request.method == "POST" and form.is_valid():
            made = changes.change_rule(rule, form.terms(), by(request))
            messages.success(request, _("From now on: %(rule)s.") % {"rule": words.of_rule(made)})
            return redirect("risk_application", rule.application_id)
    except Conflict as late:
        messages.info(request, str(late))
        return redirect("risk_application", rule.application_id)
    except BadInput as bad:
        problem = bad.problem if ending else ""
        if not ending:
            form.add_error(bad.field if bad.field in form.fields else None, bad.problem)
    return _page(request, rule.application, form, _("Rule"), rule=rule, problem=problem)


def _page(request: HttpRequest, application: Application, form: RuleForm, title: str, **more: Any) -> HttpResponse:
    bad = bool(form.errors or more.get("problem"))
    frame = pages.context(request, title=title, application=application, form=form, **may(request), **more)
    return render(request, "console/risk/rule.html", frame, status=400 if bad else 200)
