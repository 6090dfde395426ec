"""The form that sends test pushes: one sample of each kind that is ticked, to the application's own URLs."""

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from privacy import testcalls
from privacy.testcalls import Wanted

KEY_CHARACTERS = 32
# What is played to send a sample of each kind.
KINDS = {"answered": _("A call: its events and its CDR"), "sms": _("An SMS"), "number_status": _("A number's status")}


class TestPushForm(forms.Form):
    """Which kinds are sent. `key` makes a form sent twice send once."""

    kinds = forms.MultipleChoiceField(label=_("What is sent"), widget=forms.CheckboxSelectMultiple)
    key = forms.CharField(widget=forms.HiddenInput, max_length=KEY_CHARACTERS)

    def __init__(self, data: Any = None, *, application: Application) -> None:
        able = [name for name in KINDS if sends(application, name)]
        super().__init__(data, initial={"key": secrets.token_hex(KEY_CHARACTERS // 2), "kinds": able})
        chosen: Any = self.fields["kinds"]
        chosen.choices = [(name, KINDS[name]) for name in able]
        self.able = able

    def wanted(self) -> list[Wanted]:
        """Return what is to be played."""
        return [Wanted(name) for name in self.cleaned_data["kinds"]]


def sends(application: Application, scenario: str) -> bool:
    """Return whether the application has a URL for what a scenario pushes."""
    missing = testcalls.missing_urls(application, scenario)
    return len(missing) < (2 if scenario == "answered" else 1)
