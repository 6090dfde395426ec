"""The forms of the keywords' pages: words to add, and a text to try them on."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.roles import User
from accounts.scope import Scope
from common.errors import BadInput
from console.history.filters import Filters, instant
from privacy import keywords
from privacy.models import KeywordRule

OFFERED = 200  # accounts in the list; any code may be typed
LONGEST_TEXT = 70_000


class OfAccount(forms.Form):
    """What concerns one account: whoever sees more than one says which."""

    account = forms.CharField(
        label=_("Account"), max_length=32, widget=forms.TextInput(attrs={"list": "accounts", "size": 12})
    )

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.scope = scope
        if scope.account_id is not None:
            del self.fields["account"]

    def clean_account(self) -> Account:
        """Return the account of the code typed."""
        found = self.scope.rows(Account).filter(code=self.cleaned_data["account"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("There is no account with this code."))
        return found

    def chosen(self) -> Account:
        """Return the account of a valid form."""
        account: Account = self.cleaned_data.get("account") or self.scope.rows(Account).get()
        return account


class AddForm(OfAccount):
    """Words to add, one a line."""

    kind = forms.ChoiceField(label=_("Kind"), choices=KeywordRule.Kind.choices, initial=KeywordRule.Kind.FORBIDDEN)
    words = forms.CharField(label=_("Words, one a line"), widget=forms.Textarea(attrs={"rows": 4}), max_length=100_000)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput({"placeholder": _("For example: ticket 4711, the customer asked for it")}),
    )

    def save(self, user: User, request: Any) -> tuple[list[KeywordRule], int] | None:
        """Return the new rules and how many words held already; None with the problem at its field."""
        cleaned = self.cleaned_data
        typed = [line for line in cleaned["words"].splitlines() if line.strip()]
        try:
            added = keywords.add(
                self.chosen(), cleaned["kind"], typed, reason=cleaned["reason"], user=user, request=request
            )
        except BadInput as problem:
            self.add_error(problem.field, problem.problem)
            return None
        return added, len(typed) - len(added)


class TryForm(OfAccount):
    """A text, and when it is sent: now, unless said."""

    text = forms.CharField(
        label=_("Text"),
        strip=False,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("As it is written to X, without the receiver behind @. It is not kept."),
    )
    at = forms.CharField(
        label=_("As of"),
        required=False,
        widget=forms.TextInput({"type": "datetime-local", "step": 1}),
        help_text=_("Empty: now."),
    )

    def clean_at(self) -> datetime | None:
        """Return the instant, in the person's zone; None for now."""
        read = Filters()
        at = instant(self.cleaned_data["at"], read)
        if read.problems:
            raise forms.ValidationError(read.problems[0])
        return at
