"""What became of a call and why: its state, its steps, what we decided, what the customer's server said."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accounts.scope import Scope
from common import timeid
from console import rules, words
from notifications import reasons
from notifications.models import Attempt
from privacy import causes
from privacy.call_lives import lives
from privacy.causes import Cause
from privacy.lives import Life, Stage, State, Step
from privacy.models import Call, CallEvent, RoutingDecision, Session
from privacy.routing.facts import Outcome

AROUND = timedelta(hours=24)
AT_MOST = 500
GOOD, BAD, INFO = "good", "bad", "info"
TABLES = (causes.state, causes.release, causes.q850, causes.sip)


@dataclass(frozen=True)
class Code:
    """One code of a call, in words."""

    label: str
    code: int
    sentence: str
    side: str
    cure: str
    known: bool


@dataclass(frozen=True)
class Line:
    """One step of the timeline. `share` is the time since the step before as a part of the whole, in per cent."""

    label: str
    step: Step
    told_by: str
    share: int


@dataclass(frozen=True)
class Story:
    """One call as a page tells it."""

    life: Life
    level: str
    headline: str
    cause: Code | None
    lines: Sequence[Line]
    codes: Sequence[Code]
    silent_since: datetime | None


def of_record(scope: Scope, record: Call | CallEvent) -> dict[str, Any]:
    """Return what the page of a CDR or an event says of its call, and of the session it belongs to."""
    events, calls = of_session(scope, CallEvent, record), of_session(scope, Call, record)
    if isinstance(record, Call) and not record.session_id:
        calls = [record]
    told = lives(events, calls)
    mine = next((life for life in told if record.pk in (life.record, *life.events)), None)
    return {
        "story": _story(mine) if mine else None,
        "events": events,
        "calls": calls,
        "session": session_of(scope, record),
        "others": len(told) - 1,
        "decisions": [Decided(row) for row in _of_time(scope, RoutingDecision, record).filter(kind="call")[:AT_MOST]],
        "questions": [Asked(row) for row in _of_time(scope, Attempt, record).filter(question=True)[:AT_MOST]],
    }


class Decided:
    """A routing decision with its words. `answer` is what the switch was told."""

    def __init__(self, row: RoutingDecision) -> None:
        kept = orjson.loads(row.detail)
        self.row, self.at, self.rule = row, timeid.instant(row.pk), rules.words(row.rule)
        self.outcome = rules.outcome(row.outcome)
        self.well = row.outcome in (Outcome.CONNECT, Outcome.COLLECT)
        self.cause = _code("", causes.state(row.code), row.code) if row.code else None
        self.answer = kept.get("answer", {})
        self.voices = [(label, self.answer[name]) for name, label in rules.VOICES.items() if self.answer.get(name)]
        self.detail = as_json(row.detail)


class Asked:
    """A question to the customer's server, and what came of it."""

    def __init__(self, row: Attempt) -> None:
        self.row, self.at = row, timeid.instant(row.pk)
        self.well = row.result == Attempt.Result.DELIVERED
        self.milliseconds = row.duration_us // 1000
        self.reason = reasons.told(row.reason)
        self.body, self.answer = as_json(row.body), as_json(row.answer)


def of_session(scope: Scope, model: type[Model], record: Any) -> list[Any]:
    """Return the rows of a record's session, by the session id's index, within a day: few partitions are read."""
    if not record.session_id:
        return []
    rows = _of_time(scope, model, record).select_related("number", "application")
    return list(rows[:AT_MOST])


def session_of(scope: Scope, record: Any) -> Session | None:
    """Return the session of a record: of several generations the one whose time holds it."""
    if not record.session_id:
        return None
    key = hashlib.sha256(record.session_id.encode()).digest()[:16]
    rows = scope.rows(Session).filter(upstream_id=record.upstream_id, session_key=key)
    at = timeid.instant(record.pk)
    return rows.filter(first_at__lte=at + AROUND, last_at__gte=at - AROUND).order_by("-generation").first()


def as_json(body: bytes | None) -> str:
    """Return a kept body as indented JSON, as text where it is none."""
    if not body:
        return ""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return bytes(body).decode(errors="replace")


def _of_time(scope: Scope, model: type[Model], record: Any) -> QuerySet[Any]:
    """Return the rows of a record's session id within a day of it; of none without a session id."""
    rows: QuerySet[Any] = scope.rows(model)
    if not record.session_id:
        return rows.none()
    at = timeid.instant(record.pk)
    first, last = timeid.id_range(at - AROUND, at + AROUND)
    rows = rows.filter(session_id=record.session_id, pk__gte=first, pk__lt=last).order_by("pk")
    if model is Attempt:
        return rows.filter(application=record.application_id).select_related("endpoint")
    return rows.filter(upstream_id=record.upstream_id)


def _story(life: Life) -> Story:
    whole = sum(step.after or 0 for step in life.steps)
    lines = [
        Line(_stage(step.stage), step, _told_by(step), round(100 * (step.after or 0) / whole) if whole else 0)
        for step in life.steps
    ]
    labels = (_("Hang-up reason"), _("Release point"), _("Q.850 cause"), _("SIP status"))
    given = zip(labels, TABLES, life.codes, strict=True)
    codes = [_code(label, look_up(code), code) for label, look_up, code in given if code]
    main = life.cause
    failed = life.state == State.FAILED
    cause = _code("", main, main.code) if main and (failed or not main.well) else None
    return Story(
        life=life,
        level=BAD if failed else GOOD if life.state == State.ENDED else INFO,
        headline=_state(life.state),
        cause=cause,
        lines=lines,
        codes=codes,
        silent_since=None if life.state in (State.ENDED, State.FAILED) else life.steps[-1].at,
    )


def _code(label: str, cause: Cause | None, code: int) -> Code:
    if cause is None:
        cure = _("The tables do not know this code. The operator finds it among the unknown codes.")
        return Code(label, code, words.sentence(None, code), "", cure, known=False)
    lang = words.language()
    return Code(label, code, cause.sentence(lang), cause.side_words(lang), cause.cure(lang), known=True)


def _state(state: State) -> str:
    return {
        State.CALLED: _("The call came in; more is not known yet."),
        State.COLLECTED: _("The caller entered digits; more is not known yet."),
        State.FORWARDED: _("The callee is being called."),
        State.RINGING: _("The callee's phone is ringing."),
        State.TALKING: _("The two are talking."),
        State.ENDED: _("Answered and ended."),
        State.FAILED: _("Not connected."),
    }[state]


def _stage(stage: Stage) -> str:
    return {
        Stage.CALLED: _("The caller reached X"),
        Stage.COLLECTED: _("Digits were entered"),
        Stage.FORWARDED: _("The callee was called"),
        Stage.RANG: _("The callee's phone rang"),
        Stage.ANSWERED: _("Answered"),
        Stage.ENDED: _("Ended"),
    }[stage]


def _told_by(step: Step) -> str:
    if step.by_event and step.by_record:
        return _("event and CDR")
    return _("CDR") if step.by_record else _("event")
