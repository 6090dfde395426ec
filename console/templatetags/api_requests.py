"""Filters for pages about API requests."""

from django import template

from common.phone import mask_in_text
from console.requests import words
from privacy.models import ApiRequest

register = template.Library()


@register.filter
def explained(row: ApiRequest) -> str:
    """Return what became of a request in one or two sentences."""
    return words.explained(row)


@register.filter
def step_name(step: str) -> str:
    """Return the check that failed in a word or two."""
    return words.step_name(step)


@register.filter
def operation_name(operation: str) -> str:
    """Return an operation as people call it."""
    return words.operation_name(operation)


@register.filter
def milliseconds(microseconds: int) -> str:
    """Return a duration in milliseconds with one decimal."""
    return f"{microseconds / 1000:,.1f} ms"


@register.filter
def as_sent(text: str) -> str:
    """Return what a stranger sent, long numbers in it masked."""
    return mask_in_text(text)
