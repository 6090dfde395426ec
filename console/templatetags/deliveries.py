"""Filters for pages of pushes."""

from django import template

from common import phone
from console.deliveries import fare
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
def maskedurl(url: str) -> str:
    """Return a URL with the numbers in its path and query masked."""
    return phone.mask_in_url(url)


@register.filter
def told(reason: str) -> str:
    """Return why something failed, in the person's language and zone."""
    return reasons.told(reason)
