"""The form a test call is ordered with."""

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from accounts.scope import Scope
from common.errors import BadInput
from common.phone import parse_typed
from console.testcalls import words
from privacy.testcalls import Wanted

OFFERED = 200
KEY_CHARACTERS = 32


class TestCallForm(forms.Form):
    """Which application, what is played, and between whom. `key` makes a form sent twice play once."""

    application = forms.ChoiceField(label=_("Application"))
    scenario = forms.ChoiceField(
        label=_("What happens"), choices=[(code, text) for code, text in words.SCENARIOS.items()]
    )
    caller = forms.CharField(
        label=_("Caller"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "+8613900000001"}),
    )
    callee = forms.CharField(
        label=_("Callee"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "+8613900000002"}),
    )
    user_data = forms.CharField(label=_("User data"), required=False, max_length=256)
    key = forms.CharField(widget=forms.HiddenInput, max_length=KEY_CHARACTERS)

    def __init__(self, data: Any = None, *, scope: Scope, application: str = "") -> None:
        super().__init__(data, initial={"key": secrets.token_hex(KEY_CHARACTERS // 2), "application": application})
        self._scope = scope
        rows = scope.rows(Application).filter(state=Application.State.ACTIVE).select_related("account")
        offered = rows.order_by("account__code", "app_key")[:OFFERED]
        chosen: Any = self.fields["application"]
        chosen.choices = [(row.app_key, f"{row.app_key} ({row.name}, {row.mode})") for row in offered]

    def clean_caller(self) -> str:
        """Return the number in global format."""
        return _number(self.cleaned_data["caller"])

    def clean_callee(self) -> str:
        """Return the number in global format."""
        return _number(self.cleaned_data["callee"])

    def application_row(self) -> Application:
        """Return the application chosen, one of the person's scope."""
        return self._scope.rows(Application).get(app_key=self.cleaned_data["application"])

    def wanted(self) -> Wanted:
        """Return what is to be played."""
        cleaned = self.cleaned_data
        return Wanted(
            cleaned["scenario"],
            caller=cleaned["caller"],
            callee=cleaned["callee"],
            user_data=cleaned["user_data"] or None,
        )

    def refused(self, problem: BadInput, application: Application) -> None:
        """Say at the field what is wrong."""
        if problem.field in words.URL_FIELDS:
            text = _("%(url)s is not set for %(application)s, so there is nowhere to push to. Have it set first.")
            url = str(words.URL_FIELDS[problem.field])
            values = {"url": url[:1].upper() + url[1:], "application": application.app_key}
            self.add_error("application", text % values)
        elif problem.field == "push_number_status":
            text = _("Pushes of number status are switched off for %(application)s. Have them switched on first.")
            self.add_error("application", text % {"application": application.app_key})
        elif problem.field == "scenario":
            self.add_error("scenario", _("Only applications of mode X are asked where a call goes."))
        elif problem.field in {"caller", "callee"}:
            self.add_error(problem.field, _("This is no phone number that can be called."))
        else:
            self.add_error(problem.field if problem.field in self.fields else None, problem.problem)


def _number(text: str) -> str:
    try:
        return parse_typed(text) if text else ""
    except BadInput:
        raise forms.ValidationError(_("This is no phone number.")) from None
