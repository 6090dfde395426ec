"""What became of an SMS: the results reported, what we decided, what the customer's server said."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Model, QuerySet

from accounts.scope import Scope
from common import timeid
from console import rules
from console.history import story
from notifications.models import Attempt
from privacy import results
from privacy.models import Message, MessageResult, RoutingDecision
from privacy.results import Reported
from privacy.routing.facts import Outcome

AROUND = timedelta(hours=24)
AT_MOST = 500


@dataclass(frozen=True)
class Result:
    """One result as it was reported. `stands`: it is the one that counts. `late`: it never did, for it is older."""

    row: MessageResult
    stands: bool
    late: bool


class Decided:
    """A routing decision about an SMS with its words; `answer` is what the switch was told."""

    def __init__(self, row: RoutingDecision) -> None:
        kept = orjson.loads(row.detail)
        self.row, self.at = row, timeid.instant(row.pk)
        self.rule, self.outcome = rules.words(row.rule), rules.outcome(row.outcome)
        self.well = row.outcome == Outcome.FORWARD
        self.answer: dict[str, Any] = kept.get("answer", {})
        self.detail = story.as_json(row.detail)


def of_message(scope: Scope, message: Message) -> dict[str, Any]:
    """Return what the page of a message in scope says of it beside its fields."""
    decisions = _of_time(scope, RoutingDecision, message).filter(kind="message", upstream_id=message.upstream_id)
    asked = _of_time(scope, Attempt, message).filter(question=True, application=message.application_id)
    return {
        "results": _results(message),
        "decisions": [Decided(row) for row in decisions[:AT_MOST]],
        "questions": [story.Asked(row) for row in asked.select_related("endpoint")[:AT_MOST]],
    }


def _results(message: Message) -> list[Result]:
    # In scope because the message is; results themselves know no account.
    rows = list(
        MessageResult.objects.filter(message_id=message.pk).select_related("source").order_by("ordinal")[:AT_MOST]
    )
    took = [one.ordinal for one in results.standing(_reported(row) for row in rows)]
    return [Result(row, stands=row.ordinal == took[-1], late=row.ordinal not in took) for row in rows]


def _reported(row: MessageResult) -> Reported:
    at: datetime = row.occurred_at
    return Reported(row.ordinal, row.send_result, at)


def _of_time(scope: Scope, model: type[Model], message: Message) -> QuerySet[Any]:
    """Return the rows about an SMS, by its id's index, within a day of it."""
    at = timeid.instant(message.pk)
    first, last = timeid.id_range(at - AROUND, at + AROUND)
    return scope.rows(model).filter(session_id=message.sms_id, pk__gte=first, pk__lt=last).order_by("pk")
