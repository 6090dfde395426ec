"""The form that says which pushes are to be sent again."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application
from accounts.scope import Scope
from common.errors import BadInput
from console.replays.selection import Selection
from notifications import listing, replay
from notifications.models import Attempt, Endpoint, Push
from notifications.replay import Choice

SUGGESTIONS = 200
# A year typed with two digits is one of antiquity.
YEARS = 1971, 9000
FIELDS = ("push", "account", "application", "endpoint", "kind", "state")
ANY = ("", _("All"))


class ReplayForm(forms.Form):
    """One push by its id, or all that fit."""

    push = forms.CharField(
        label=_("Push"), required=False, max_length=64, widget=forms.TextInput(attrs={"placeholder": "msg_0192…"})
    )
    account = forms.CharField(label=_("Account"), required=False, max_length=64)
    application = forms.CharField(
        label=_("Application"), required=False, max_length=128, widget=forms.TextInput(attrs={"list": "applications"})
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[ANY, *Push.Kind.choices])
    state = forms.ChoiceField(label=_("State"), required=False)
    start = forms.DateTimeField(
        label=_("From"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1})
    )
    end = forms.DateTimeField(
        label=_("To"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1})
    )
    endpoint = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, scope: Scope, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.scope = scope
        self.applications = scope.rows(Application).order_by("app_key")[:SUGGESTIONS]
        states: Any = self.fields["state"]
        names = [(listing.DELIVERED, _("Delivered")), *((n, s.label) for n, s in listing.STATES.items())]
        states.choices = [ANY, *((name, label) for name, label in names if name in replay.REPLAYED_STATES)]

    def selection(self) -> Selection | None:
        """Return what the valid form chooses; None, with errors at the fields, for what there is not."""
        cleaned = self.cleaned_data
        try:
            push = listing.read_message_id(cleaned["push"]) if cleaned["push"] else None
        except BadInput:
            self.add_error("push", _("This is no id of a push."))
            return None
        application, endpoint = self._application(), self._endpoint()
        account = application.account if application else endpoint.account if endpoint else self._account(push)
        choice = Choice(
            push, endpoint.pk if endpoint else None, cleaned["kind"], cleaned["state"], cleaned["start"], cleaned["end"]
        )
        if self.errors:
            return None
        if account is None:
            self.add_error("application", _("Name an application, an account or a push."))
            return None
        try:
            choice.check()
        except BadInput as problem:
            field, text = PROBLEMS.get(problem.field, (None, problem.problem))
            self.add_error(field, text)
            return None
        return Selection(account, application, choice)

    def clean_start(self) -> datetime | None:
        """Return from when on."""
        return _in_our_time(self.cleaned_data["start"])

    def clean_end(self) -> datetime | None:
        """Return until when."""
        return _in_our_time(self.cleaned_data["end"])

    def _application(self) -> Application | None:
        app_key = self.cleaned_data["application"].strip()
        if not app_key:
            return None
        found = self.scope.rows(Application).filter(app_key=app_key).select_related("account").first()
        if found is None:
            self.add_error("application", _("There is no application with this app_key."))
        return found

    def _endpoint(self) -> Endpoint | None:
        pk = self.cleaned_data["endpoint"]
        if not pk:
            return None
        found = self.scope.rows(Endpoint).filter(pk=pk).select_related("account").first()
        if found is None:
            self.add_error(None, _("There is no such endpoint."))
        return found

    def _account(self, push: Any) -> Account | None:
        code = self.cleaned_data["account"].strip()
        if code:
            found = self.scope.rows(Account).filter(code=code).first()
            if found is None:
                self.add_error("account", _("There is no account with this code."))
            return found
        if push is None:
            return None
        row: Any = self.scope.rows(Push).filter(pk=push).select_related("account").first()
        row = row or self.scope.rows(Attempt).filter(push_id=push).select_related("account").first()
        if row is None:
            self.add_error("push", _("There is no push with this id."))
            return None
        account: Account = row.account
        return account


PROBLEMS: dict[str, tuple[str, Any]] = {
    "push": ("push", _("Choose a push, a kind, a state or a time range: not everything there ever was.")),
    "to": ("end", _("The end of the range must be later than its start.")),
}


def _in_our_time(at: datetime | None) -> datetime | None:
    """Return a time that a push may have been queued at. Raises ValidationError: a year typed with two digits."""
    if at and not YEARS[0] <= at.year <= YEARS[1]:
        raise forms.ValidationError(_("Write the year with four digits."))
    return at
