"""Filters for pages of pushes."""

from datetime import datetime

from django import template
from django.utils.html import format_html

from common import phone
from console.deliveries import fare
from console.templatetags.maskline import localtime
from notifications import reasons

register = template.Library()


@register.filter
def counted(number: int) -> str:
    """Return a count that ends at a limit."""
    return fare.counted(number)


@register.filter
def took(microseconds: int | None) -> str:
    """Return a duration in milliseconds, from a second on in seconds; a dash for none."""
    if microseconds is None:
        return "–"
    return f"{microseconds / 1000:,.0f} ms" if microseconds < 1_000_000 else f"{microseconds / 1_000_000:,.1f} s"


@register.filter
def nexttime(at: datetime) -> str:
    """Return a time within the next days, short, on one line."""
    return format_html('<span class="mk-nowrap">{}</span>', localtime(at, "%m-%d %H:%M"))


@register.filter
def maskedurl(url: str) -> str:
    """Return a URL with the numbers in its path and query masked."""
    return phone.mask_in_url(url)


@register.filter
def told(reason: str) -> str:
    """Return why something failed, in the person's language and zone."""
    return reasons.told(reason)
