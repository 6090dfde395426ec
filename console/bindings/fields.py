"""What the forms of bindings are made of: numbers as people type them, voice files, times, directions."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from common import phone
from common.errors import BadInput
from privacy import parties

DAYS_90 = 7_776_000
NO_PARTY = gettext_lazy(
    "Write a mobile or fixed number with its area code, such as 138 0000 0021. 400 and 95 numbers cannot be bound."
)
NO_CALLEE = gettext_lazy("Write a number that can be called, such as 138 0000 0021 or 400 123 4567.")


class Typed(forms.CharField):
    """A phone number as a person types it; its value is the stored form."""

    def __init__(self, accepts: Callable[[str], bool], problem: Any, **options: Any) -> None:
        attrs = {"inputmode": "tel", "autocomplete": "off", **options.pop("attrs", {})}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **options)
        self.accepts, self.problem = accepts, problem

    def clean(self, value: Any) -> str:
        """Return the stored form of the number, "" for none."""
        text = super().clean(value)
        if not text:
            return ""
        try:
            number = phone.parse_typed(text)
        except BadInput as problem:
            raise forms.ValidationError(self.problem) from problem
        if not self.accepts(number):
            raise forms.ValidationError(self.problem)
        return number


class Voice(forms.ChoiceField):
    """One of the account's approved voice files, or none."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, choices=[("", "–")])


def party(label: Any) -> Typed:
    """Return the field of A or B."""
    return Typed(parties.is_bindable, NO_PARTY, label=label)


def seconds(label: Any, help_text: Any) -> forms.IntegerField:
    """Return a field of seconds, at most 90 days."""
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=DAYS_90, help_text=help_text)


def directions(labels: Iterable[Any]) -> forms.TypedChoiceField:
    """Return the choice of who may call: 0 both, 1, 2 (northbound.md 3.2)."""
    return forms.TypedChoiceField(
        label=gettext_lazy("Who may call"), choices=list(enumerate(labels)), coerce=int, initial=0, required=False,
        empty_value=None,
    )  # fmt: skip
