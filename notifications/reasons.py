"""Reasons of failures as people read them. The log keeps English, an instant in it as 2026-03-01T10:00:00Z."""

import re
from datetime import datetime, tzinfo

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def told(reason: str, zone: tzinfo | None = None) -> str:
    """Return a reason in the active language, its time in a zone (the reader's) and, once it is over, how long ago."""
    if not reason:
        return ""
    found = _INSTANT.search(reason)
    at = parse_datetime(found[0]) if found else None
    if found is None or at is None:
        return _(reason)
    return _(reason.replace(found[0], "%(at)s")).replace("%(at)s", _when(at, zone))


def _when(at: datetime, zone: tzinfo | None) -> str:
    shown, now = f"{timezone.localtime(at, zone):%Y-%m-%d %H:%M}", timezone.now()
    if at >= now:
        return shown
    return _("%(at)s (%(age)s ago)") % {"at": shown, "age": timesince(at, now, depth=1)}
