"""/api/v1/pushes: what an application was pushed, page by page, and pushing it again (docs/pushes.md)."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from common.errors import BadInput
from common.periods import parse_instant
from notifications import destinations, listing, replay
from notifications.listing import Listed, Wanted
from notifications.models import Push, Replay
from privacy.api.customers import pushes_schema as schema
from privacy.api.northbound import answers, idempotency
from privacy.api.northbound.door import ApiProblem, Endpoint, Order

NOT_FOUND = "1012007"
USUAL, MOST = 100, 500
LIST_NAMES = ("after", "limit", "kind", "state", "from", "to")
REPLAY_NAMES = ("push", "kind", "state", "url", "from", "to", "dry_run", "reason")
# A raw "+" of an offset in a query decodes to a blank.
_LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})")


@schema.PUSHES
class Pushes(Endpoint):
    """One's pushes with bodies as sent, delivered, waiting and dead alike."""

    operations = {"GET": "pushes.list"}

    def get_order(self, order: Order) -> dict[str, Any]:
        """Return a page and the cursor of what follows."""
        query = order.parameters
        _refuse_unknown(query, LIST_NAMES)
        wanted = _wanted(query)
        found = listing.page(order.application.pk, wanted, after=query.get("after", ""), limit=_limit(query))
        return {"pushes": [shown(push) for push in found.pushes], "after": found.after, "more": found.more}


@schema.REPLAYS
class Replays(Endpoint):
    """Push again what was pushed."""

    operations = {"POST": "pushes.replay"}

    def post_order(self, order: Order) -> HttpResponse | dict[str, Any]:
        """Order a replay, or say how many pushes it would be."""
        sent, application = order.parameters, order.application
        _refuse_unknown(sent, REPLAY_NAMES)
        choice = read_choice(sent, application.pk)
        dry_run = sent.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise BadInput("dry_run", "is neither true nor false")
        choice.check()
        if dry_run or choice.push:
            groups = replay.preview(application.account_id, application.pk, choice, order.now)
            if choice.push and not groups:
                raise BadInput("push", "is none of this application's, or older than what is kept")
        if dry_run:
            return {
                "pushes": replay.total(groups),
                "waiting_already": replay.waiting(groups),
                "without_url": replay.nowhere(groups),
                "held_at": _held_at({group.endpoint for group in groups}),
            }
        row, new = replay.ask(
            application.account,
            application,
            choice,
            key=idempotency.read_key(self.request),
            asked_by=application.app_key,
            reason=_text(sent, "reason"),
            now=order.now,
            anew=True,
        )
        response = answers.created(replay=shown_replay(row))
        if not new:
            response[idempotency.REPLAYED] = "true"
        return response


@schema.ONE_REPLAY
class OneReplay(Endpoint):
    """How far one is, and ending it."""

    operations = {"GET": "pushes.replay_query", "DELETE": "pushes.replay_cancel"}

    def get_order(self, order: Order) -> dict[str, Any]:
        """Return it."""
        return {"replay": shown_replay(self._row(order))}

    def delete_order(self, order: Order) -> dict[str, Any]:
        """Queue nothing more of it; one that is over stays as it is."""
        row = self._row(order)
        replay.cancel(row, order.now)
        row.refresh_from_db()
        return {"replay": shown_replay(row)}

    def _row(self, order: Order) -> Replay:
        try:
            replay_id = uuid.UUID(self.kwargs["replay_id"])
        except ValueError:
            raise ApiProblem(NOT_FOUND) from None
        row = Replay.objects.filter(application=order.application, pk=replay_id).first()
        if row is None:
            raise ApiProblem(NOT_FOUND)
        return row


def shown(push: Listed) -> dict[str, Any]:
    """Return a push as its owner sees it; `body` is the text that was sent, byte for byte in UTF-8."""
    return {
        "id": push.message_id,
        "kind": push.kind,
        "url": push.url,
        "state": push.state,
        "sequence": push.sequence,
        "attempts": push.attempts,
        "replay": push.replay,
        "queued_at": _time(push.queued_at),
        "next_attempt_at": _time(push.due_at),
        "delivered_at": _time(push.delivered_at),
        "reason": push.reason,
        "body": None if push.body is None else push.body.decode(),
    }


def shown_replay(row: Replay) -> dict[str, Any]:
    """Return a replay as its owner sees it."""
    return {
        "id": str(row.pk),
        "state": row.state,
        "pushes": row.total,
        "queued": row.queued,
        "held_at": _held_at(int(endpoint) for endpoint in row.place or {}),
        "asked_at": _time(row.asked_at),
        "finished_at": _time(row.finished_at),
    }


def _held_at(endpoints: Iterable[int]) -> list[dict[str, str]]:
    return [{"url": one.url, "state": one.state} for one in destinations.resting(endpoints)]


def read_choice(sent: Mapping[str, Any], application_id: int) -> replay.Choice:
    """Return what is to be sent again. Raises BadInput naming the field."""
    push, url = _text(sent, "push"), _text(sent, "url")
    return replay.Choice(
        push=listing.read_message_id(push) if push else None,
        endpoint=destinations.endpoint_of(application_id, url) if url else None,
        kind=_text(sent, "kind"),
        state=_text(sent, "state"),
        start=_instant(sent, "from"),
        end=_instant(sent, "to"),
    )


def _refuse_unknown(sent: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raise BadInput for a name that is none: a filter with a slip in it would choose everything."""
    for name in sent:
        if name not in names:
            raise BadInput(name, f"is unknown here; there are {', '.join(names)}")


def _wanted(query: Mapping[str, str]) -> Wanted:
    kind, state = query.get("kind", ""), query.get("state", "")
    if kind and kind not in Push.Kind.values:
        raise BadInput("kind", f"is none of {', '.join(Push.Kind.values)}")
    if state and state not in listing.ALL_STATES:
        raise BadInput("state", f"is none of {', '.join(listing.ALL_STATES)}")
    start, end = _instant(query, "from"), _instant(query, "to")
    if start and end and start >= end:
        raise BadInput("to", "is not later than from")
    return Wanted(kind, (state,) if state else listing.ALL_STATES, start, end)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(USUAL))
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise BadInput("limit", f"is no whole number from 1 to {MOST}")
    return int(text)


def _instant(sent: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(sent, name)
    if not text:
        return None
    try:
        at = parse_instant(_LOST_PLUS.sub(r"\1+\2", text))
    except BadInput as problem:
        raise BadInput(name, problem.problem, problem.cure) from None
    if not 1971 <= at.year <= 9000:
        raise BadInput(name, "is no time of this age")
    return at


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(name, "is no text")
    return value.strip()


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
