"""Filters for the pages of voice files."""

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter
def playtime(milliseconds: int) -> str:
    """Return how long a sound is: 4.2 s, from a minute on 1:04."""
    tenths = round(milliseconds / 100)
    if tenths < 600:
        return gettext("%(n)s s") % {"n": f"{tenths / 10:.1f}"}
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02}"
