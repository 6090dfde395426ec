"""Words of SMS for templates."""

from django import template
from django.utils.translation import gettext as _

from privacy.storing.messages import ABNORMAL, REGULAR

register = template.Library()


@register.filter
def sms_direction(code: str | None) -> str:
    """Return the direction of an SMS in words, an unknown one as it was sent (pushes.md 4.2, extParas)."""
    return {REGULAR: _("Regular"), ABNORMAL: _("Abnormal"), "": "–"}.get(code or "", code or "")
