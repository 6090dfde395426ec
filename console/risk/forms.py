"""The forms of risk control: a rule, an entry of the blacklist, a file of entries."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.errors import BadInput
from privacy.control import lists
from privacy.control.changes import Terms
from privacy.models import BlacklistEntry, RiskRule
from privacy.numbers.sheets import MOST_BYTES

UNITS = [(1, _("seconds")), (60, _("minutes")), (3600, _("hours")), (86_400, _("days"))]
MOST_CALLS = 100_000
TIME = {"type": "time"}


def reason() -> forms.CharField:
    """Return the field every change asks for."""
    attrs = {"placeholder": _("For example: ticket 4711, the customer asked for it"), "minlength": 3}
    return forms.CharField(label=_("Reason"), max_length=200, widget=forms.TextInput(attrs=attrs))


class RuleForm(forms.Form):
    """One rule: a window, or hours of the day."""

    kind = forms.ChoiceField(label=_("What is limited"), choices=RiskRule.Kind.choices)
    most = forms.IntegerField(label=_("At most (calls)"), min_value=1, max_value=MOST_CALLS, required=False)
    window = forms.IntegerField(label=_("Within"), min_value=1, max_value=2_592_000, required=False)
    unit = forms.TypedChoiceField(label=_("Unit"), choices=UNITS, coerce=int, initial=60, required=False)
    hours_from = forms.TimeField(label=_("Calls from"), required=False, widget=forms.TimeInput(TIME, format="%H:%M"))
    hours_to = forms.TimeField(label=_("Calls until"), required=False, widget=forms.TimeInput(TIME, format="%H:%M"))
    reason = reason()

    def terms(self) -> Terms:
        """Return what the rule says; what belongs to the other sort of rule is left out."""
        said = self.cleaned_data
        if said["kind"] == RiskRule.Kind.HOURS:
            return Terms(said["kind"], hours_from=said["hours_from"], hours_to=said["hours_to"])
        seconds = said["window"] * (said["unit"] or 60) if said["window"] else None
        return Terms(said["kind"], most=said["most"], window_seconds=seconds)

    @staticmethod
    def of(rule: RiskRule) -> dict[str, Any]:
        """Return a rule as the form's first values, its window in the largest unit that fits."""
        unit = max((unit for unit, _label in UNITS if (rule.window_seconds or 0) % unit == 0), default=1)
        window = rule.window_seconds // unit if rule.window_seconds else None
        values = {"kind": rule.kind, "most": rule.most, "window": window, "unit": unit if window else 60}
        return {**values, "hours_from": rule.hours_from, "hours_to": rule.hours_to}


class EntryForm(forms.Form):
    """One entry of the blacklist."""

    side = forms.ChoiceField(label=_("Forbidden"), choices=BlacklistEntry.Side.choices)
    number = forms.CharField(label=_("Number"), max_length=40, widget=forms.TextInput({"inputmode": "tel"}))
    counterpart = forms.CharField(
        label=_("Which number it may not call"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"inputmode": "tel", "placeholder": _("only for a pair")}),
    )
    reason = reason()

    def clean_number(self) -> str:
        """Return the number in its stored form."""
        return _number("number", self.cleaned_data["number"])

    def clean_counterpart(self) -> str:
        """Return the other number in its stored form, "" for none."""
        text = self.cleaned_data["counterpart"].strip()
        return _number("counterpart", text) if text else ""

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data: a pair has two numbers, the rest one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        pair, other = cleaned.get("side") == BlacklistEntry.Side.PAIR, cleaned.get("counterpart", "")
        if pair and not other and "counterpart" not in self.errors:
            self.add_error("counterpart", _("Say which number it may not call."))
        if other and not pair:
            self.add_error("counterpart", _("Only a pair has a second number."))
        if other and other == cleaned.get("number"):
            self.add_error("counterpart", _("This is the number itself."))
        return cleaned


class LoadForm(forms.Form):
    """A file of entries."""

    file = forms.FileField(label=_("File (CSV, XLSX)"), allow_empty_file=True)

    def clean_file(self) -> Any:
        """Return the file, refused when it is too large to be read."""
        found = self.cleaned_data["file"]
        if found.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Cut it in parts."))
        return found


def _number(field: str, text: str) -> str:
    try:
        return lists.number(field, text)
    except BadInput as problem:
        raise forms.ValidationError(_("Write a phone number, such as 138 0000 0021.")) from problem
