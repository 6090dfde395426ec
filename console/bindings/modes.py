"""The parameters of the API in each mode, in the person's words (northbound.md 3-6)."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.scope import Scope
from console.bindings.fields import NO_CALLEE, Typed, Voice, directions, party, seconds
from console.bindings.forms import SAME, BindForm
from privacy import parties
from privacy.models import Binding

LEAST_LIFE, USUAL_LIFE = 60, 7200
MOST_HOURS, USUAL_HOURS = 720, 168
MOST_MINUTES = 1440
MINUTES_OF = {"0": 60, "1": 1}


class Recorded(forms.Form):
    """Recording, where the application has it switched on."""

    record = forms.BooleanField(label=gettext_lazy("Record calls"), required=False)
    record_voice = Voice(gettext_lazy("Recording announcement"))


class Limited(forms.Form):
    """How long a call may last, and SMS."""

    max_minutes = forms.IntegerField(
        label=gettext_lazy("Longest call, minutes"), min_value=0, max_value=MOST_MINUTES, required=False,
        help_text=gettext_lazy("0 or blank: no limit."),
    )  # fmt: skip
    last_minute_voice = Voice(gettext_lazy("Played when one minute is left"))
    sms = forms.BooleanField(label=gettext_lazy("Pass SMS"), required=False, initial=True)


class AXBForm(BindForm, Recorded, Limited):
    """A and B reach each other by X."""

    b = party("B")
    call_direction = directions([gettext_lazy("both call"), gettext_lazy("only A calls"), gettext_lazy("only B calls")])
    duration = seconds(
        gettext_lazy("Holds for, seconds"),
        gettext_lazy("0 or blank: until it is ended. 86400 is a day, 7776000 (90 days) the most."),
    )
    caller_voice = Voice(gettext_lazy("Waiting tone when A calls"))
    callee_voice = Voice(gettext_lazy("Waiting tone when B calls"))
    term_names = (
        *("call_direction", "duration", "max_minutes", "last_minute_voice", "record", "record_voice", "sms"),
        *("caller_voice", "callee_voice"),
    )
    field_order = ("a", "b", "x", "area_code", "loose", "call_direction", "duration")


DISPLAY = forms.ChoiceField(
    label=gettext_lazy("What A sees when somebody calls X"),
    choices=[("0", "X"), ("1", gettext_lazy("The real caller"))],
    initial="0",
    required=False,
)


class AXForm(BindForm, Recorded, Limited):
    """X stands for A: whoever calls X reaches A."""

    display = DISPLAY
    power = forms.BooleanField(label=gettext_lazy("Switched on: X reaches A"), required=False, initial=True)
    call_direction = directions(
        [gettext_lazy("both call"), gettext_lazy("only A calls"), gettext_lazy("only others call")]
    )
    caller_voice = Voice(gettext_lazy("Waiting tone when A calls"))
    callee_voice = Voice(gettext_lazy("Waiting tone when others call"))
    term_names = (
        *("display", "power", "call_direction", "max_minutes", "last_minute_voice", "record", "record_voice", "sms"),
        *("caller_voice", "callee_voice"),
    )
    field_order = ("a", "x", "area_code", "loose", "display", "call_direction", "power")


class AXEForm(BindForm, Recorded):
    """X with an extension stands for A."""

    extension = forms.CharField(
        label=gettext_lazy("Extension"), max_length=4, required=False,
        help_text=gettext_lazy("Blank: the platform gives one."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    display = DISPLAY
    time_unit = forms.ChoiceField(
        label=gettext_lazy("Unit of the two times"),
        choices=[("0", gettext_lazy("hours")), ("1", gettext_lazy("minutes"))],
        initial="0",
        required=False,
    )
    duration = forms.IntegerField(
        label=gettext_lazy("Holds for"), min_value=0, required=False,
        help_text=gettext_lazy("Blank: 168 hours. 0: until it is ended. 720 hours at most."),
    )  # fmt: skip
    callback_duration = forms.IntegerField(
        label=gettext_lazy("Call-back records hold for"), min_value=0, required=False,
        help_text=gettext_lazy("A that calls X reaches the last caller for so long."),
    )  # fmt: skip
    callback_number = Typed(
        parties.is_callable, NO_CALLEE, label=gettext_lazy("Call-back number"), required=False,
        help_text=gettext_lazy("Whom A reaches when nobody is to be called back."),
    )  # fmt: skip
    callback_voice = Voice(gettext_lazy("Or a voice file that A hears then"))
    term_names = ("display", "record", "record_voice", "callback_number", "callback_voice")
    field_order = ("a", "x", "area_code", "loose", "extension", "display", "duration", "time_unit", "callback_duration")

    def clean_extension(self) -> str:
        """Return the extension wanted: as many digits as the application has, not all zeros."""
        text: str = self.cleaned_data["extension"].strip()
        digits = self.application.extension_digits
        if text and not (text.isascii() and text.isdecimal() and len(text) == digits and int(text)):
            raise forms.ValidationError(_("Write %(n)s digits that are not all zeros.") % {"n": digits})
        return text

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data; times are at most 720 hours, and a call-back is a number or a voice file."""
        cleaned = super().clean()
        unit = MINUTES_OF[cleaned.get("time_unit") or "0"]
        for name in ("duration", "callback_duration"):
            if (cleaned.get(name) or 0) * unit > MOST_HOURS * 60:
                self.add_error(name, _("At most 720 hours."))
        if cleaned.get("callback_number") and cleaned.get("callback_voice"):
            self.add_error("callback_voice", _("Choose a number or a voice file, not both."))
        return cleaned

    def seconds(self) -> int:
        """Return how long it holds: 168 hours unless said."""
        said, unit = self.cleaned_data["duration"], MINUTES_OF[self.cleaned_data["time_unit"] or "0"]
        return 60 * (60 * USUAL_HOURS if said is None else int(said) * unit)

    def terms(self) -> dict[str, Any]:
        """Return the terms, times as the API keeps them: the duration in its unit, call-backs in minutes."""
        cleaned, said = self.cleaned_data, super().terms()
        unit = cleaned["time_unit"] or "0"
        if cleaned["duration"] is not None:
            said |= {"duration": cleaned["duration"], "time_unit": unit}
        if cleaned["callback_duration"] is not None:
            said["callback_duration"] = cleaned["callback_duration"] * MINUTES_OF[unit]
        return said


def _life(form: forms.Form, name: str) -> None:
    """Refuse a life between 0 and a minute (northbound.md 6.2)."""
    if 0 < (form.cleaned_data.get(name) or 0) < LEAST_LIFE:
        form.add_error(name, _("0, or from 60 to 7776000 seconds."))


class AXYBForm(BindForm, Recorded):
    """X stands for A towards every B, who gets a Y of his own."""

    call_direction = directions(
        [gettext_lazy("both call"), gettext_lazy("only A calls"), gettext_lazy("only others call")]
    )
    duration = seconds(
        gettext_lazy("Holds for, seconds"),
        gettext_lazy("Blank: 7200. 0: until it is ended. 7776000 (90 days) at most."),
    )
    yb_duration = seconds(
        gettext_lazy("Each YB holds for, seconds"), gettext_lazy("0 or blank: as long as this binding.")
    )
    callee_voice = Voice(gettext_lazy("Waiting tone when X is called"))
    term_names = ("call_direction", "yb_duration", "record", "record_voice", "callee_voice")
    field_order = ("a", "x", "area_code", "loose", "call_direction", "duration", "yb_duration")

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data, with times that the API takes."""
        cleaned = super().clean()
        _life(self, "duration")
        _life(self, "yb_duration")
        return cleaned

    def seconds(self) -> int:
        """Return how long it holds: two hours unless said."""
        said = self.cleaned_data["duration"]
        return USUAL_LIFE if said is None else int(said)

    def terms(self) -> dict[str, Any]:
        """Return the terms; a YB holds no longer than its AX."""
        said, seconds = super().terms(), self.seconds()
        if "yb_duration" in said and seconds:
            said["yb_duration"] = min(said["yb_duration"], seconds)
        return {**said, "duration": seconds}


class RelationForm(BindForm):
    """B joined to an AX of AXYB: the platform gives a Y."""

    a = None  # type: ignore[assignment]
    x = None  # type: ignore[assignment]
    b = party("B")
    yb_duration = seconds(
        gettext_lazy("Holds for, seconds"),
        gettext_lazy("Blank: as the AX says. 0: as long as the AX; never longer than it."),
    )
    caller_voice = Voice(gettext_lazy("Waiting tone when Y is called"))
    term_names = ("caller_voice",)
    field_order = ("b", "area_code", "loose", "yb_duration")

    def __init__(self, data: Any = None, *, parent: Binding, scope: Scope) -> None:
        super().__init__(data, application=parent.application, scope=scope)
        self.parent = parent
        self.fields["area_code"].label = _("City of Y (area code)")
        self.fields["area_code"].help_text = _("Blank: any city.")

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data; B is neither A nor X."""
        cleaned = super().clean()
        if cleaned.get("b") in (self.parent.a_number, self.parent.number.number):
            self.add_error("b", SAME)
        _life(self, "yb_duration")
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Return the arguments of `bindings.bind_yb`; without a city any will do."""
        cleaned = self.cleaned_data
        return {
            "b": cleaned["b"],
            "area_code": cleaned["area_code"],
            "loose": cleaned["loose"] or not cleaned["area_code"],
            "seconds": cleaned["yb_duration"],
            "terms": self.terms(),
        }


FORMS: dict[str, type[BindForm]] = {"AX": AXForm, "AXB": AXBForm, "AXE": AXEForm, "AXYB": AXYBForm}
