"""The form a voice file is uploaded with."""

from pathlib import PureWindowsPath
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.roles import User
from accounts.scope import Scope
from common.errors import BadInput
from privacy import voices, wav
from privacy.models import VoiceFile

OFFERED = 200  # accounts in the list; any code may be typed


class UploadForm(forms.Form):
    """A file, and the name bindings are to use; whoever sees more than one account says whose it is."""

    account = forms.CharField(
        label=_("Account"), max_length=32, widget=forms.TextInput(attrs={"list": "accounts", "size": 12})
    )
    file = forms.FileField(
        label=_("WAV file"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".wav,audio/wav,audio/x-wav"}),
    )
    name = forms.CharField(
        label=_("Name, if not the file's own"),
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "welcome.wav"}),
    )
    purpose = forms.CharField(label=_("What it is for"), max_length=200, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, scope: Scope) -> None:
        super().__init__(data, files)
        self.scope = scope
        self.file_name = ""
        self.accounts: list[Account] = []
        if scope.account_id is None:
            self.accounts = list(scope.rows(Account).order_by("code")[:OFFERED])
        else:
            del self.fields["account"]

    def clean_account(self) -> Account:
        """Return the account of the code typed."""
        found = self.scope.rows(Account).filter(code=self.cleaned_data["account"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("There is no account with this code."))
        return found

    def clean_file(self) -> bytes:
        """Return what was uploaded; a file that is too large is not read."""
        file = self.cleaned_data["file"]
        # Some browsers send the whole path of the person's own machine.
        self.file_name = PureWindowsPath(file.name or "").name
        if file.size > wav.MOST_BYTES:
            raise forms.ValidationError(wav.too_large())
        return bytes(file.read())

    def save(self, user: User, request: Any) -> VoiceFile | None:
        """Return the file that was kept, or None with the problem at its field."""
        cleaned = self.cleaned_data
        account = cleaned.get("account") or self.scope.rows(Account).get()
        name = cleaned["name"].strip() or self.file_name
        try:
            return voices.upload(account, name, cleaned["file"], purpose=cleaned["purpose"], user=user, request=request)
        except BadInput as problem:
            self.add_error(problem.field, problem.problem)
            return None
