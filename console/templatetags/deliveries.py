"""Filters for pages of pushes."""

from django import template

from console.deliveries import fare

register = template.Library()


@register.filter
def counted(number: int) -> str:
    """Return a count that ends at a limit."""
    return fare.counted(number)


@register.filter
def took(microseconds: int | None) -> str:
    """Return a duration in milliseconds, a dash for none."""
    return "–" if microseconds is None else f"{microseconds / 1000:,.0f} ms"
