"""Risk control in words, for the pages: what a rule says, which rule stopped a call, when it opens again."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacy.models import BlacklistEntry, RiskRule
from privacy.routing.facts import Block

# The rules of this control as decisions name them.
RULES = {
    "blacklist_caller": gettext_lazy("the caller is on the blacklist"),
    "blacklist_callee": gettext_lazy("the callee is on the blacklist"),
    "blacklist_pair": gettext_lazy("this caller may not call this callee"),
    "calling_hours": gettext_lazy("outside the calling hours"),
    "frequency_caller": gettext_lazy("too many calls of one caller"),
    "frequency_callee": gettext_lazy("too many calls to one callee"),
    "frequency_number": gettext_lazy("too many calls through one X"),
    "frequency_pair": gettext_lazy("too many calls of one caller to one callee"),
}
CODES = (7004, 7005, 8047, 8048, 8049, 8050)
_MINUTE, _HOUR = 60, 3600


def of_rule(rule: RiskRule) -> str:
    """Return what a rule says, e.g. "3 calls of one caller in 5 minutes"."""
    if rule.kind == RiskRule.Kind.HOURS:
        span = {"start": _clock(rule.hours_from), "end": _clock(rule.hours_to)}
        return _("calls only from %(start)s to %(end)s") % span
    n, told = rule.most or 0, {"n": rule.most, "time": duration(rule.window_seconds or 0)}
    match rule.kind:
        case "caller":
            text = ngettext("%(n)s call of one caller in %(time)s", "%(n)s calls of one caller in %(time)s", n)
        case "callee":
            text = ngettext("%(n)s call to one callee in %(time)s", "%(n)s calls to one callee in %(time)s", n)
        case "pair":
            text = ngettext(
                "%(n)s call of one caller to one callee in %(time)s",
                "%(n)s calls of one caller to one callee in %(time)s",
                n,
            )
        case _:
            text = ngettext("%(n)s call through one X in %(time)s", "%(n)s calls through one X in %(time)s", n)
    return text % told


def of_block(block: Block, rule: RiskRule | BlacklistEntry | None) -> str:
    """Return why a call was stopped: the rule, and when it opens again in the viewer's zone."""
    said = of_rule(rule) if isinstance(rule, RiskRule) else str(RULES.get(block.rule, block.rule))
    if block.reopens_at is None:
        return said
    return _("%(rule)s; opens again at %(time)s") % {"rule": said, "time": _instant(block.reopens_at)}


def duration(seconds: int) -> str:
    """Return a window's length, e.g. "5 minutes" or "24 hours"."""
    if seconds % _HOUR == 0:
        n = seconds // _HOUR
        return ngettext("%(n)s hour", "%(n)s hours", n) % {"n": n}
    if seconds % _MINUTE == 0:
        n = seconds // _MINUTE
        return ngettext("%(n)s minute", "%(n)s minutes", n) % {"n": n}
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}


def _clock(at: Any) -> str:
    return f"{at:%H:%M}"


def _instant(at: datetime) -> str:
    local, now = timezone.localtime(at), timezone.localtime()
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M:%S}"
