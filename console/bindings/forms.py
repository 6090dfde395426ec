"""What every bind is asked, whatever the mode (northbound.md 3-6). The modes' own fields are in `modes`."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import Application
from accounts.scope import Scope
from common import areas
from common.errors import BadInput
from common.phone import E164
from console.bindings.fields import Typed, Voice, party
from console.revealing import REASON_AT_LEAST
from privacy.bindings import BindOrder
from privacy.models import Availability, VoiceFile

SUGGESTIONS = 200
NO_X = gettext_lazy("Write one of the application's numbers, such as +86 171 0000 0001, or leave it blank.")
NO_AREA = gettext_lazy("Nobody has this area code. Write one such as 0755 or 010.")
SAME = gettext_lazy("A, B and X are three different numbers.")
LAST = ("user_data", "reason")


class BindForm(forms.Form):
    """What every bind is asked. A subclass is a mode; `term_names` are its fields that are terms of the binding."""

    term_names: ClassVar[Sequence[str]] = ()
    a = party("A")
    x = Typed(
        lambda number: bool(E164.fullmatch(number)), NO_X, label="X", required=False,
        help_text=gettext_lazy("Blank: the platform selects one."),
        attrs={"list": "numbers", "placeholder": gettext_lazy("Selected by the platform")},
    )  # fmt: skip
    area_code = forms.CharField(
        label=gettext_lazy("City of X (area code)"), max_length=8, required=False,
        help_text=gettext_lazy("Blank: the city of A. It is not looked at when X is named."),
        widget=forms.TextInput(attrs={"list": "areas", "placeholder": "0755", "inputmode": "numeric"}),
    )  # fmt: skip
    loose = forms.BooleanField(
        label=gettext_lazy("Another city will do, if that one has no number left"), required=False
    )
    user_data = forms.CharField(
        label=gettext_lazy("User data"), max_length=256, required=False,
        help_text=gettext_lazy("Comes back in events and CDRs, for example an order id. Kept encrypted."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=REASON_AT_LEAST, max_length=500,
        help_text=gettext_lazy("Your name, the reason and the time go to the audit trail."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, application: Application, scope: Scope) -> None:
        super().__init__(data)
        self.application = application
        rooms = scope.rows(Availability).filter(application=application)
        self.numbers = rooms.filter(free=True).select_related("number").order_by("last_bound_at")[:SUGGESTIONS]
        codes = rooms.order_by("area_code").values_list("area_code", flat=True).distinct()[:SUGGESTIONS]
        self.areas = [areas.AREAS[code] for code in codes if code in areas.AREAS]
        self._offer_voices(scope)
        self.order_fields([*(name for name in self.fields if name not in LAST), *LAST])
        if not application.recording:
            self._drop("record", "record_voice")
        if not application.sms:
            self._drop("sms")

    def clean_area_code(self) -> str:
        """Return the area code with its 0."""
        text = self.cleaned_data["area_code"].strip()
        try:
            return areas.normalise_code(text) if text else ""
        except BadInput as problem:
            raise forms.ValidationError(NO_AREA) from problem

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data; the parties and X must be different numbers."""
        cleaned: dict[str, Any] = super().clean() or {}
        named = [cleaned[name] for name in ("a", "b", "x") if cleaned.get(name)]
        if len(named) != len(set(named)):
            self.add_error("b" if cleaned.get("a") == cleaned.get("b") else "x", SAME)
        return cleaned

    def order(self) -> BindOrder:
        """Return the valid form as an order."""
        cleaned = self.cleaned_data
        return BindOrder(
            a=cleaned["a"],
            b=cleaned.get("b"),
            x=cleaned.get("x", ""),
            area_code="" if cleaned.get("x") else cleaned["area_code"],
            loose=cleaned["loose"],
            extension=cleaned.get("extension", ""),
            seconds=self.seconds(),
            terms=self.terms(),
        )

    def seconds(self) -> int:
        """Return how long it holds, 0 = until it is ended."""
        return self.cleaned_data.get("duration") or 0

    def terms(self) -> dict[str, Any]:
        """Return the terms that were said; what was left blank has its default."""
        names = [*self.term_names, "user_data"]
        said = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        return {name: value for name, value in said.items() if value not in (None, "")}

    def _offer_voices(self, scope: Scope) -> None:
        """Offer the approved voice files; without any there is nothing to choose."""
        fields = {name: field for name, field in self.fields.items() if isinstance(field, Voice)}
        files = scope.rows(VoiceFile).filter(account=self.application.account_id, state=VoiceFile.State.APPROVED)
        names = [(name, name) for name in files.order_by("name").values_list("name", flat=True)]
        for field in fields.values():
            field.choices = [("", "–"), *names]
        self.without_voices = bool(fields) and not names
        if self.without_voices:
            self._drop(*fields)

    def _drop(self, *names: str) -> None:
        for name in names:
            self.fields.pop(name, None)
