"""The form of a step: which numbers (typed, or a file), what holds for all of them."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from accounts.scope import Scope
from common import areas
from common.errors import BadInput
from console import words
from privacy.models import Number, NumberOrder
from privacy.numbers.bulk import STEPS
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import MOST_BYTES, MOST_LINES, Line, read
from privacy.numbers.states import CAUSES

SUGGESTIONS = 500
# What each step asks beside the numbers; a file's own cells win.
TYPED = {"issue": ("area_code", "kind", "sms"), "order": ("area_code", "kind", "sms", "quantity", "reference", "note")}


def _typed(text: str) -> list[str]:
    """Return what was typed, one number a line or between commas: "+86 171 0996 0000" has blanks of its own."""
    return [one for one in (part.strip() for part in re.split(r"[\n\r,;，；、]", text)) if one]


class StepForm(forms.Form):
    """One step: its numbers come from the text, one a line, or from the file."""

    application = forms.CharField(
        label=_("Application (app_key)"),
        max_length=128,
        required=False,
        widget=forms.TextInput({"list": "applications"}),
    )
    order = forms.ChoiceField(label=_("For the order"), required=False)
    area_code = forms.CharField(
        label=_("City (area code)"), max_length=8, required=False, widget=forms.TextInput({"list": "areas", "size": 8})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "–"), *Number.Kind.choices], required=False)
    sms = forms.ChoiceField(
        label=_("SMS"), choices=[("", "–"), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))], required=False
    )
    quantity = forms.CharField(label=_("Quantity"), max_length=8, required=False)
    reference = forms.CharField(label=_("Reference"), max_length=64, required=False)
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    cause = forms.ChoiceField(label=_("Why it is unusable"), required=False)
    numbers = forms.CharField(
        label=_("Numbers, one a line"), required=False, widget=forms.Textarea({"rows": 6, "placeholder": "+86…"})
    )
    file = forms.FileField(label=_("or a file (CSV, XLSX)"), required=False)

    def __init__(self, data: Any = None, files: Any = None, *, step: str, scope: Scope, initial: Any = None) -> None:
        super().__init__(data, files, initial=initial)
        self.step, self.scope = step, scope
        asked = {*STEPS[step].asks, *TYPED.get(step, ()), "file", *(() if step == "order" else ("numbers",))}
        for name in set(self.fields) - asked:
            del self.fields[name]
        if "order" in self.fields:
            self._choices("order", [("", "–"), *((str(one.pk), self._named(one)) for one in self._open_orders())])
        if "cause" in self.fields:
            self._choices("cause", words.number_causes(CAUSES))
        self.applications = scope.rows(Application).order_by("app_key")[:SUGGESTIONS]
        self.areas = areas.AREAS.values()

    def clean_file(self) -> Any:
        """Return the file, refused when it is too large to be read."""
        found = self.cleaned_data["file"]
        if found and found.size > MOST_BYTES:
            raise forms.ValidationError(gettext("The file is larger than %(n)s MB. Cut it in parts."), params={"n": 5})
        return found

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data with the lines to be done; there must be some, from one place."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        typed = _typed(cleaned.get("numbers", ""))
        if cleaned.get("file") and typed:
            raise forms.ValidationError(gettext("Type the numbers or choose a file, not both."))
        if cleaned.get("file"):
            cleaned["lines"] = self._read(cleaned["file"])
        elif self.step == "order":
            cleaned["lines"] = [Line(0, {})]
        elif len(typed) > MOST_LINES:
            told = gettext("There are more than %(n)s numbers. Cut them in parts.")
            raise forms.ValidationError(told, params={"n": MOST_LINES})
        elif typed:
            cleaned["lines"] = [Line(at, {"number": text}) for at, text in enumerate(typed, start=1)]
        else:
            raise forms.ValidationError(gettext("Type at least one number, or choose a file."))
        return cleaned

    def lines(self) -> Sequence[Line]:
        """Return the lines; what was typed for all stands where a line has nothing."""
        shared = {name: self.cleaned_data[name] for name in TYPED.get(self.step, ()) if self.cleaned_data.get(name)}
        return [
            Line(line.line, {**shared, **{name: cell for name, cell in line.cells.items() if cell}})
            for line in self.cleaned_data["lines"]
        ]

    def choice(self) -> Choice:
        """Return what holds for every line."""
        cleaned = self.cleaned_data
        order = cleaned.get("order")
        return Choice(cleaned.get("application", "").strip(), cleaned.get("cause", ""), int(order) if order else None)

    def _read(self, upload: Any) -> list[Line]:
        try:
            return read(upload.read(), STEPS[self.step].columns)
        except BadInput as problem:
            raise forms.ValidationError(str(problem)) from problem

    def _open_orders(self) -> Any:
        found = self.scope.rows(NumberOrder).filter(state=NumberOrder.State.OPEN).select_related("account")
        return found.order_by("-pk")[:SUGGESTIONS]

    def _named(self, order: NumberOrder) -> str:
        return f"{order.account.code} {order.reference}: {order.area_code}, {order.issued}/{order.quantity}"

    def _choices(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices
