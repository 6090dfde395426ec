"""The calls that risk control stopped, each with the rule that did, found again as it was at that instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Count, Q, QuerySet

from accounts.scope import Scope
from common import phone, timeid
from common.errors import BadInput
from privacy.bindings import keys
from privacy.control import checking, words
from privacy.control.rules import Parties
from privacy.models import BlacklistEntry, RiskPardon, RiskRule, RoutingDecision
from privacy.routing.facts import Block

# Their windows can be opened for one caller, callee, X or pair before time.
FREQUENCY = "frequency_"


@dataclass(frozen=True)
class Stopped:
    """One call that was stopped. `rule`: the row of the rule or entry, where it can be told; `pardons`: what may be
    counted anew, "" where there is nothing to count."""

    row: RoutingDecision
    at: datetime
    caller: str
    callee: str
    said: str
    rule: RiskRule | None
    entry: BlacklistEntry | None
    who: Parties
    pardons: str

    @property
    def holds(self) -> bool:
        """Return whether the rule or entry still holds."""
        found = self.rule or self.entry
        return found is not None and found.valid_to is None


def rows(scope: Scope) -> QuerySet[RoutingDecision]:
    """Return the decisions by which calls were stopped."""
    return scope.rows(RoutingDecision).filter(code__in=list(words.CODES), kind=RoutingDecision.Kind.CALL)


def between(found: QuerySet[RoutingDecision], start: datetime, end: datetime) -> QuerySet[RoutingDecision]:
    """Return those of start <= time < end."""
    first, last = timeid.id_range(start, end)
    return found.filter(pk__gte=first, pk__lt=last)


def of_number(found: QuerySet[RoutingDecision], text: str) -> QuerySet[RoutingDecision]:
    """Return those in which a whole number is caller, callee or X."""
    try:
        number = phone.parse_typed(text)
    except BadInput:
        return found.none()
    key = keys.caller(number)
    return found.filter(Q(caller_key=key) | Q(callee_key=key) | Q(number__number=number))


def count_by_application(scope: Scope, ids: Sequence[int], start: datetime, end: datetime) -> dict[int, int]:
    """Return how many calls of each application were stopped."""
    found = between(rows(scope), start, end).filter(application__in=ids).order_by()
    return dict(found.values_list("application").annotate(n=Count("pk")))


def explained(scope: Scope, found: Iterable[RoutingDecision]) -> list[Stopped]:
    """Return stopped calls with their rules: what `would` says of their instants."""
    told = [(row, _who(row), _numbers(row)) for row in found]
    blocks = [_block(row, who) for row, who, _numbers_of in told]
    wanted = {block.rule_id for block in blocks}
    rules = {rule.pk: rule for rule in scope.rows(RiskRule).filter(pk__in=wanted)}
    entries = {entry.pk: entry for entry in scope.rows(BlacklistEntry).filter(pk__in=wanted)}
    return [
        _stopped(row, who, numbers, block, rules, entries)
        for (row, who, numbers), block in zip(told, blocks, strict=True)
    ]


def pardoned(scope: Scope, call: Stopped) -> RiskPardon | None:
    """Return the last time since then at which what stopped a call was counted anew, if any."""
    if not call.pardons:
        return None
    rows = scope.rows(RiskPardon).filter(application=call.row.application_id, kind=call.pardons, at__gt=call.at)
    return rows.filter(subject=call.who.subjects()[call.pardons]).order_by("-at").first()


def _stopped(
    row: RoutingDecision, who: Parties, numbers: tuple[str, str], block: Block, rules: Any, entries: Any
) -> Stopped:
    listed = block.rule.startswith("blacklist_")
    rule, entry = (None, entries.get(block.rule_id)) if listed else (rules.get(block.rule_id), None)
    kind = block.rule.removeprefix(FREQUENCY) if block.rule.startswith(FREQUENCY) else ""
    return Stopped(
        row,
        timeid.instant(row.pk),
        *numbers,
        words.of_block(block, rule),
        rule,
        entry,
        who,
        kind if kind in who.subjects() else "",
    )


def _who(row: RoutingDecision) -> Parties:
    # A decision without its question counts as of one who showed his number.
    caller = orjson.loads(row.detail).get("asked", {}).get("caller", "0")
    shown = any(map(str.isdecimal, caller))
    return Parties(
        row.application_id or 0, row.number_id or 0, bytes(row.caller_key), bytes(row.callee_key or b""), shown
    )


def _block(row: RoutingDecision, who: Parties) -> Block:
    """Return what stopped a call; where history says otherwise, only what was kept with the call is told."""
    zone = row.application.account.time_zone if row.application else "UTC"
    block = checking.would_by_keys(who, zone, timeid.instant(row.pk))
    return block if block is not None and block.rule == row.rule else Block(row.rule, row.code, 0)


def _numbers(row: RoutingDecision) -> tuple[str, str]:
    """Return caller and callee as they stand in the decision, "" for what does not."""
    detail = orjson.loads(row.detail)
    asked, answer = detail.get("asked", {}), detail.get("answer", {})
    return asked.get("caller", ""), answer.get("stopped_callee", "")
