"""Filters for the pages of our numbers."""

from typing import Any

from django import template
from django.utils.translation import get_language, gettext

from common import areas
from console import words
from privacy.models import Number, NumberChange

register = template.Library()

GOOD, WARN, BAD = "mk-good", "mk-warn", "mk-bad"
COLOURS = {
    Number.State.NORMAL: GOOD,
    Number.State.UNUSABLE: BAD,
    Number.State.SUSPENDED: BAD,
    Number.State.RETURNED: "",
}


@register.filter
def city(code: str) -> str:
    """Return an area code with its city in the person's language; a dash for none."""
    area = areas.AREAS.get(code)
    if area is None:
        return code or "–"
    return f"{code} {area.city_zh if (get_language() or '').startswith('zh') else area.city_en}"


@register.filter
def city_name(area: areas.Area) -> str:
    """Return an area's city and province in the person's language."""
    if (get_language() or "").startswith("zh"):
        return f"{area.province_zh} {area.city_zh}"
    return f"{area.city_en}, {area.province_en}"


@register.filter
def state_colour(state: str) -> str:
    """Return the class of a state's badge."""
    return COLOURS.get(Number.State(state), WARN)


@register.filter
def said(text: str, change: NumberChange) -> str:
    """Return what stands before or after a change, in words."""
    if change.kind in {NumberChange.Kind.STATE, NumberChange.Kind.UNSUBSCRIBED}:
        state, _blank, cause = text.partition(" ")
        label = str(dict(Number.State.choices).get(state, state))
        return f"{label} ({words.number_cause(cause).rstrip('.。')})" if cause else label
    return {"yes": gettext("Yes"), "no": gettext("No")}.get(text, text)


@register.filter
def used(availability: Any) -> int | None:
    """Return how many bindings hold on a number."""
    return availability.used if availability else None
