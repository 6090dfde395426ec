"""Filters for pages: masked numbers, money, times in the viewer's zone, durations."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from common import errors, money, phone

register = template.Library()

NONE = "–"


@register.filter
def masked(number: str | None) -> str:
    """Return the masked form of a real number; a dash for none."""
    return phone.mask(number) if number else NONE


@register.filter(name="money")
def exact_money(amount: Decimal | str | None, currency: str = "") -> str:
    """Return an amount to its last digit (at most 6 decimals, at least 2), thousands grouped, with its currency."""
    if amount is None or amount == "":
        return NONE
    try:
        value = Decimal(amount)
    except InvalidOperation:
        return NONE
    whole, _point, decimals = f"{value:,.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')} {currency}".strip()


@register.filter
def minor(amount: Decimal | None, currency: str) -> str:
    """Return an amount in its currency's minor unit, with the exact value as a tooltip."""
    if amount is None:
        return NONE
    try:
        rounded = f"{money.minor(Decimal(amount), currency):,}"
    except errors.BadInput:
        return exact_money(amount, currency)
    exact = exact_money(amount)
    return rounded if exact == rounded else format_html('<span title="{}">{}</span>', exact, rounded)


@register.filter
def localtime(at: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time in the viewer's zone, with UTC as a tooltip."""
    if at is None:
        return NONE
    utc = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), utc, timezone.localtime(at).strftime(form)
    )


@register.filter
def localhour(at: datetime | None) -> str:
    """Return an hour in the viewer's zone, to the minute."""
    return localtime(at, "%Y-%m-%d %H:%M")


@register.filter
def duration(seconds: int | None) -> str:
    """Return seconds as h:mm:ss or m:ss."""
    if seconds is None:
        return NONE
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@register.filter
def age(at: datetime | None) -> str:
    """Return how long ago an instant was, in one unit: 5 min, 3 h, 12 d."""
    if at is None:
        return NONE
    seconds = max(0, int((timezone.now() - at).total_seconds()))
    if seconds < 7200:
        return gettext("%(n)d min") % {"n": seconds // 60}
    if seconds < 172_800:
        return gettext("%(n)d h") % {"n": seconds // 3600}
    return gettext("%(n)d d") % {"n": seconds // 86_400}


@register.filter
def whole(number: int | None) -> str:
    """Return a whole number with its thousands grouped."""
    return NONE if number is None else f"{int(number):,}"


@register.filter
def percent(part: int | Decimal | None, total: int | Decimal | None) -> str:
    """Return part of total as a percentage with one decimal; a dash when there is nothing to divide by."""
    if not total or part is None:
        return NONE
    return f"{100 * Decimal(part) / Decimal(total):.1f} %"
