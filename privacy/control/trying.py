"""What the rules of an application would have stopped: its connected calls of a day, judged one after the other."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Application
from privacy.control import judging
from privacy.control.rules import Hours, Parties, Ruleset, Window
from privacy.models import BlacklistEntry, RiskRule, RoutingDecision

MOST_CALLS = 20_000
PERIOD = timedelta(hours=24)


@dataclass
class Tried:
    """How many calls were looked at, whether all were, and how many each rule would have stopped."""

    calls: int = 0
    every: bool = True
    by_rule: dict[int, int] = field(default_factory=dict)
    by_list: int = 0

    @property
    def stopped(self) -> int:
        """Return how many calls would have been stopped."""
        return sum(self.by_rule.values()) + self.by_list


def tried(application: Application, now: datetime) -> Tried:
    """Return what the rules that hold now would have stopped in the last 24 hours, counting from nothing."""
    ruleset, listed = _rules(application), _listed(application)
    found, passed = Tried(), defaultdict[tuple[str, bytes], deque[int]](deque)
    rows = RoutingDecision.objects.between(now - PERIOD, now).filter(application=application, kind="call")
    connected = rows.filter(outcome="connect", number__isnull=False).order_by("id")
    calls = list(connected.values_list("id", "number_id", "caller_key", "callee_key")[: MOST_CALLS + 1])
    found.every = len(calls) <= MOST_CALLS
    for id, number_id, caller, callee in calls[:MOST_CALLS]:
        found.calls += 1
        who = Parties(application.pk, int(number_id or 0), bytes(caller), bytes(callee or b""))
        _judge(who, id.int >> 80, ruleset, listed, application.account.time_zone, passed, found)
    return found


def _judge(
    who: Parties, at: int, ruleset: Ruleset, listed: set[Any], zone: str, passed: dict[Any, deque[int]], found: Tried
) -> None:
    if {("caller", who.caller, b""), ("callee", who.callee, b""), ("pair", who.caller, who.callee)} & listed:
        found.by_list += 1
        return
    block = judging.uncounted(ruleset, zone, judging.instant(at))
    subjects = who.subjects()
    rule_id = block.rule_id if block else None
    for window in ruleset.windows:
        times = passed[window.kind, subjects[window.kind]] if window.kind in subjects else ()
        inside = sum(1 for time in times if time > at - 1000 * window.seconds)
        if rule_id is None and inside >= window.most:
            rule_id = window.rule_id
    if rule_id is not None:
        found.by_rule[rule_id] = found.by_rule.get(rule_id, 0) + 1
        return
    for window in ruleset.windows:
        if window.kind in subjects:
            _count(passed[window.kind, subjects[window.kind]], at, window, ruleset)


def _count(times: deque[int], at: int, window: Window, ruleset: Ruleset) -> None:
    """Count a call once for all windows of its kind, and forget what no window reaches."""
    if not times or times[-1] != at:
        times.append(at)
    longest = max(one.seconds for one in ruleset.windows if one.kind == window.kind)
    while times[0] <= at - 1000 * longest:
        times.popleft()


def _rules(application: Application) -> Ruleset:
    windows, hours = [], []
    for rule in RiskRule.objects.filter(application=application, valid_to=None).order_by("kind", "window_seconds"):
        if rule.hours_from is not None and rule.hours_to is not None:
            hours.append(Hours(rule.pk, rule.hours_from, rule.hours_to))
        else:
            windows.append(Window(rule.pk, rule.kind, rule.most or 0, rule.window_seconds or 0))
    return Ruleset(tuple(windows), tuple(hours))


def _listed(application: Application) -> set[Any]:
    rows = BlacklistEntry.objects.filter(application=application, valid_to=None)
    keys = rows.values_list("side", "key", "counterpart_key")
    return {(side, bytes(key), bytes(other)) for side, key, other in keys}
