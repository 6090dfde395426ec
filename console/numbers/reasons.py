"""Reasons of a number's state, opened and closed by hand: each source has one, and the worst open one is the state.

Arrears, real-name rules and moves have no machine of their own yet; a carrier's report may also never be taken back.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.roles import require
from accounts.scope import for_user
from common.errors import Conflict
from console import pages, words
from console.numbers.listing import held
from privacy import numbers
from privacy.models import Number, NumberReason
from privacy.numbers.states import CAUSES, SAYS, worst

NOTE_AT_LEAST = 3
STATES = [state for state in Number.State if any(state in said for said in SAYS.values())]


class ReasonForm(forms.Form):
    """Which source says what; without a state the open reason of the source is closed."""

    source = forms.ChoiceField(label=gettext_lazy("Source"), choices=NumberReason.Source.choices)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("none any more: close it")), *((one.value, one.label) for one in STATES)],
        required=False,
    )
    cause = forms.ChoiceField(label=gettext_lazy("Why it is unusable"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        widget=forms.TextInput({"placeholder": gettext_lazy("For example: ticket 4711, the customer asked for it")}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cause: Any = self.fields["cause"]
        cause.choices = [("", "–"), *words.number_causes(CAUSES)]

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data; a source says only what is its own, and "unusable" has a cause."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        source, state = cleaned.get("source"), cleaned.get("state")
        if source and state and state not in SAYS[NumberReason.Source(source)]:
            own = ", ".join(str(Number.State(one).label) for one in STATES if one in SAYS[NumberReason.Source(source)])
            self.add_error("state", _("This source can only say: %(states)s.") % {"states": own})
        if state == Number.State.UNUSABLE and not cleaned.get("cause"):
            self.add_error("cause", _("Choose why it is unusable."))
        if state != Number.State.UNUSABLE:
            cleaned["cause"] = ""
        if len(cleaned.get("note", "").strip()) < NOTE_AT_LEAST:
            self.add_error("note", _("Give a reason. Nothing was changed."))
        return cleaned


@require("operate")
@require_http_methods(["GET", "POST"])
def number_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the form of a reason; POST says what the state would be, and once that is confirmed does it."""
    row = get_object_or_404(held(for_user(request.user)), pk=pk)
    given = {name: request.GET.get(name, "") for name in ("source", "state")}
    form = ReasonForm(request.POST or None, initial=given)
    would: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        if request.POST.get("confirmed") == "yes":
            return _done(request, row, form.cleaned_data)
        would = _would(request, row, form.cleaned_data)
    frame = pages.context(request, title=_("Reason of the state of %(n)s") % {"n": row.number}, number=row, form=form)
    frame["would"] = would
    return render(request, "console/numbers/reason.html", frame, status=400 if form.errors else 200)


def _would(request: HttpRequest, row: Number, said: dict[str, Any]) -> dict[str, Any]:
    """Return the state a number would have, and what is open of the source now."""
    every = list(for_user(request.user).rows(NumberReason).filter(number=row, closed_at=None))
    others = [reason for reason in every if reason.source != said["source"]]
    now = next((reason for reason in every if reason.source == said["source"]), None)
    if said["state"]:
        others.append(NumberReason(source=said["source"], state=said["state"], cause=said["cause"]))
    state, cause = worst(others)
    return {"state": Number.State(state), "cause": cause, "now": now, "closes": not said["state"]}


def _done(request: HttpRequest, row: Number, said: dict[str, Any]) -> HttpResponse:
    by: dict[str, Any] = {"note": said["note"].strip(), "by": request.user.get_username(), "now": timezone.now()}
    opens = bool(said["state"])
    try:
        with transaction.atomic():
            if opens:
                told = {"source": said["source"], "state": said["state"], "cause": said["cause"]}
                changed = numbers.set_reason(row, **told, **by)
            else:
                told = {"source": said["source"]}
                changed = numbers.close_reason(row, **told, **by)
            if changed:
                _audit(request, row, "open_reason" if opens else "close_reason", told, by["note"])
    except Conflict as problem:
        messages.error(request, str(problem))
        return redirect("number", row.pk)
    messages.success(request, _("Done.") if changed else _("It was so already. Nothing was changed."))
    return redirect("number", row.pk)


def _audit(request: HttpRequest, row: Number, verb: str, told: dict[str, Any], note: str) -> None:
    availability: Any = getattr(row, "availability", None)
    holder = availability.application if availability else None
    audit.record(
        user=request.user, action=f"numbers.{verb}", subject_kind="number", subject=row.number,
        account=holder.account if holder else None, reason=note, detail={**told, "state_now": row.state},
        request=request,
    )  # fmt: skip
