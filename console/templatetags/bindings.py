"""Filters for pages about bindings and requests: states, directions and ends in words."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy.models import Binding

register = template.Library()

HOLDING, EXPIRED, ENDED = "holding", "expired", "ended"


@register.filter
def holds(binding: Binding) -> str:
    """Return where a binding stands: holding, ended, or expired though the sweeper has not met it yet."""
    if binding.valid_to is not None:
        return ENDED
    return EXPIRED if binding.expires_at and binding.expires_at <= timezone.now() else HOLDING


@register.filter
def direction_of(terms: Any, kind: str) -> str:
    """Return who may call, in words (northbound.md 3.2, 4.2, 6.2)."""
    if kind == Binding.Kind.AXE:
        return _("others call with the extension")
    match terms.call_direction:
        case 1:
            return _("only A calls")
        case 2:
            return _("only B calls") if kind == Binding.Kind.AXB else _("only others call")
    return _("both call")


@register.filter
def x_name(kind: str) -> str:
    """Return what the virtual number of a binding is called: Y of a YB, else X."""
    return "Y" if kind == Binding.Kind.YB else "X"
