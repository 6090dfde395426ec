"""Who would it reach? A call at X from a caller, at any instant past or to come, and the rule that decides it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import scope as account_scope
from accounts.models import Application
from accounts.roles import require
from accounts.scope import Scope
from common.errors import BadInput
from console import pages, rules
from console.history.filters import Filters, instant
from privacy import causes
from privacy.bindings import keys
from privacy.deciding.reach import Reach, reach
from privacy.models import Binding, Number, RoutingDecision
from privacy.routing.facts import CallAsked, Outcome

AROUND = timedelta(hours=1)
MOST_TOLD = 5
PROBLEMS = {
    "x": gettext_lazy("This is no phone number. Write the number alone, as +86 171 0000 0001."),
    "caller": gettext_lazy("This is no caller. Write the number alone, as +86 139 0000 0001, or leave it empty."),
    "digits": gettext_lazy("These are no keys of a telephone: 0-9, * and #."),
}
GOOD = {Outcome.CONNECT: "mk-good", Outcome.COLLECT: "mk-info", Outcome.ASK: "mk-info"}


class ReachForm(forms.Form):
    """X, the caller, digits if any were collected, and the instant; numbers as people type them."""

    x = forms.CharField(
        label=gettext_lazy("X, the number dialled"), max_length=40, help_text=gettext_lazy("In any spelling.")
    )
    caller = forms.CharField(
        label=gettext_lazy("Caller"), max_length=40, required=False,
        help_text=gettext_lazy("Empty: he withholds his number."),
    )  # fmt: skip
    digits = forms.CharField(
        label=gettext_lazy("Digits entered"), max_length=8, required=False,
        help_text=gettext_lazy("AXE: the extension. Empty: none yet."),
    )  # fmt: skip
    at = forms.CharField(
        label=gettext_lazy("At"), max_length=40, required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "step": "1"}),
        help_text=gettext_lazy("Past or to come. Empty: now."),
    )  # fmt: skip

    def clean_at(self) -> datetime | None:
        """Return the instant, None for now."""
        filters = Filters()
        at = instant(self.cleaned_data["at"], filters)
        if filters.problems:
            raise forms.ValidationError(filters.problems[0])
        return at

    def found(self, now: datetime) -> Reach | None:
        """Return whom the call would reach; None with the problem at its field."""
        asked = CallAsked(
            session_id="?",
            x=self.cleaned_data["x"],
            caller=self.cleaned_data["caller"],
            digits=self.cleaned_data["digits"] or None,
        )
        try:
            return reach(asked, self.cleaned_data["at"] or now)
        except BadInput as problem:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, PROBLEMS.get(problem.field, problem.problem))
            return None


@require("look")
@require_http_methods(["GET", "HEAD", "POST"])
def who_would_it_reach(request: HttpRequest) -> HttpResponse:
    """Return the form, and after a POST the answer: numbers never stand in an address."""
    form = ReachForm(request.POST if request.method == "POST" else None)
    scope = account_scope.for_user(request.user)
    now = timezone.now()
    found = form.found(now) if form.is_valid() else None
    shown = _shown(scope, found, now) if found else {}
    context = pages.context(request, title=_("Who would it reach?"), form=form, **shown)
    return render(request, "console/reach/page.html", context, status=400 if form.errors else 200)


def _shown(scope: Scope, found: Reach, now: datetime) -> dict[str, Any]:
    """Return what the page tells; for who is bound to an account somebody else's X reads as one that nobody has."""
    application = found.facts.application
    if scope.account_id is not None and (application is None or not scope.sees(application.account_id)):
        return {"elsewhere": True, "found": found, "at": found.facts.at}
    decision, language = found.decision, get_language() or "en"
    cause = causes.state(decision.code) if decision.code else None
    seen = decision.binding_id or decision.ended_binding_id or (found.facts.binding and found.facts.binding.id)
    return {
        "found": found,
        "decision": decision,
        "outcome": decision.outcome.value,
        "colour": GOOD.get(decision.outcome, "mk-bad"),
        "rule": rules.words(decision.rule),
        "sentence": cause.sentence(language) if cause else "",
        "cure": cause.cure(language) if cause else "",
        "application": scope.rows(Application).filter(pk=application.id).first() if application else None,
        "binding": scope.rows(Binding).filter(pk=seen).select_related("number").first() if seen else None,
        "number_state": Number.State(found.facts.number.state).label if found.facts.number else "",
        "told": _told(scope, found),
        "at": found.facts.at,
        "past": found.facts.at <= now,
    }


def _told(scope: Scope, found: Reach) -> list[dict[str, Any]]:
    """Return what the switch was really told of such calls in the hour before and after."""
    if found.facts.number is None:
        return []
    rows = scope.rows(RoutingDecision).filter(
        number_id=found.facts.number.id,
        caller_key=keys.caller(found.asked.caller),
        kind=RoutingDecision.Kind.CALL,
    )
    near = rows.between(found.facts.at - AROUND, found.facts.at + AROUND).order_by("-id")[:MOST_TOLD]  # type: ignore[attr-defined]
    return [{"row": row, "rule": rules.words(row.rule)} for row in near]
