"""Filters for pages: masked numbers, money, times in the viewer's zone, durations."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from common import errors, money, phone, timeid
from console import words
from privacy.models import Number

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
    if not at:
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
def duration(seconds: float | str | None) -> str:
    """Return seconds as h:mm:ss or m:ss."""
    if seconds is None or seconds == "":  # a template's missing value
        return NONE
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@register.filter
def age(at: datetime | None) -> str:
    """Return how long ago an instant was, in one unit: 5 min, 3 h, 12 d."""
    if not at:
        return NONE
    seconds = max(0, int((timezone.now() - at).total_seconds()))
    if seconds < 7200:
        return gettext("%(n)d min") % {"n": seconds // 60}
    if seconds < 172_800:
        return gettext("%(n)d h") % {"n": seconds // 3600}
    return gettext("%(n)d d") % {"n": seconds // 86_400}


@register.filter
def whole(number: int | str | None) -> str:
    """Return a whole number with its thousands grouped."""
    return NONE if number is None or number == "" else f"{int(number):,}"


@register.filter
def percent(part: int | Decimal | None, total: int | Decimal | None) -> str:
    """Return part of total as a percentage with one decimal; a dash when there is nothing to divide by."""
    if not total or part is None:
        return NONE
    return f"{100 * Decimal(part) / Decimal(total):.1f} %"


@register.filter
def shown(number: str | None, revealed: bool) -> str:
    """Return a real number: in full when this response reveals it, else masked."""
    return str(number) if number and revealed else masked(number)


@register.filter
def outcome(call: Any) -> str:
    """Return what became of a call in words."""
    return words.outcome(call)


@register.filter
def hang_up(code: int | None) -> str:
    """Return a hang-up reason in words."""
    return words.hang_up(code)


@register.filter
def release_point(code: int | None) -> str:
    """Return the release point of a CDR in words."""
    return words.release_point(code)


@register.filter
def q850(code: int | None) -> str:
    """Return a Q.850 cause in words."""
    return words.q850(code)


@register.filter
def sms_result(code: int | None) -> str:
    """Return the result of a message in words."""
    return words.sms_result(code)


@register.filter
def number_status(code: int | None) -> str:
    """Return a number's status in words."""
    return words.number_status(code)


@register.filter
def number_cause(code: str) -> str:
    """Return the cause of a number's status in words."""
    return words.number_cause(code)


@register.filter
def talk_seconds(call: Any) -> int | None:
    """Return a call's talk seconds; None when it was not answered."""
    return words.talk_seconds(call)


@register.filter
def idtime(key: UUID) -> datetime:
    """Return the instant in a time-ordered id: the first time of the record."""
    return timeid.instant(key)


@register.filter
def inputtime(at: datetime | None) -> str:
    """Return a time as an <input type="datetime-local"> takes it, in the viewer's zone; "" for none."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") if at else ""


@register.filter
def inputsecond(at: datetime | None) -> str:
    """Return a time to the second as an <input type="datetime-local" step="1"> takes it, in the viewer's zone."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S") if at else ""


@register.filter
def called(event: Any) -> str:
    """Return the number an event says was called: X in clear, a real number masked."""
    return _party(event, event.called_number)


@register.filter
def calling(event: Any) -> str:
    """Return the number an event says called: X in clear (the platform's own leg), a real number masked."""
    return _party(event, event.caller_number)


def _party(event: Any, number: str | None) -> str:
    return str(number) if number and event.number_id and number == event.number.number else masked(number)


@register.filter
def item(code: str) -> str:
    """Return what a charge is for, in words."""
    return str(words.ITEMS.get(code, code))


@register.filter
def blocked(reason: str) -> str:
    """Return why usage waits, in words."""
    return str(words.BLOCKED.get(reason, reason))


@register.filter
def minus(left: int, right: int) -> int:
    """Return left - right."""
    return left - right


@register.filter
def share(part: int, total: int) -> int:
    """Return part of total as whole per cent, 0 to 100."""
    return min(100, max(0, round(100 * part / total))) if total else 0


@register.filter
def hourlater(at: datetime) -> datetime:
    """Return the instant an hour later."""
    return at + timedelta(hours=1)


@register.filter
def number_kind(code: str) -> str:
    """Return whose number it is, in words."""
    return str(dict(Number.Kind.choices).get(code, code))
