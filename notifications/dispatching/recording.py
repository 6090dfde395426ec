"""What endpoints did, kept in their rows: pages and the next dispatcher read it there; people are told of dark ones."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications import retry
from notifications.dispatching.lines import Line
from notifications.models import Endpoint

State = Endpoint.State
OFF = (State.PAUSED, State.DISABLED)


@dataclass(slots=True)
class Change:
    """What is to be written of one endpoint."""

    success_at: datetime | None = None
    failure_at: datetime | None = None
    reason: str | None = None
    state: str = State.ACTIVE
    why: str = ""


class Records:
    """Collects what endpoints did since it was last written."""

    def __init__(self) -> None:
        self._changes: dict[int, tuple[Line, Change]] = {}

    def success(self, line: Line, now: datetime) -> None:
        """Note a success: whatever was wrong is over, but for a 410 that is not written yet."""
        line.failing_since, line.misses, line.succeeded_at = None, 0, now
        _, known = self._changes.get(line.recipient.id, (line, Change()))
        state, why = (known.state, known.why) if known.state == State.PAUSED else (State.ACTIVE, "")
        self._note(line, success_at=now, state=state, why=why)

    def failure(self, line: Line, now: datetime, reason: str, *, gone: bool) -> str:
        """Note a failure; return the state that follows from it."""
        line.misses += 1
        if line.failing_since is None or line.failed_at is None or now - line.failed_at > retry.QUIET:
            line.failing_since = now
        line.failed_at = now
        _, known = self._changes.get(line.recipient.id, (line, Change()))
        state, why = (known.state, known.why) if known.state in OFF else (State.FAILING, "")
        if gone:
            state, why = State.PAUSED, reason
        elif now - line.failing_since >= retry.MOST_FAILING:
            state, why = State.DISABLED, reason
        self._note(line, failure_at=now, reason=reason, state=state, why=why)
        return state

    def take(self) -> dict[int, tuple[Line, Change]]:
        """Return what is to be written, and begin anew."""
        changes, self._changes = self._changes, {}
        return changes

    def give_back(self, changes: dict[int, tuple[Line, Change]]) -> None:
        """Take back what could not be written; what came since stands, as if this had been noted first."""
        for id, (_, old) in changes.items():
            if (known := self._changes.get(id)) is not None:
                _follow(old, known[1])
        self._changes = changes | self._changes

    def _note(self, line: Line, **fields: Any) -> None:
        _, change = self._changes.setdefault(line.recipient.id, (line, Change()))
        for name, value in fields.items():
            setattr(change, name, value)


def _follow(old: Change, new: Change) -> None:
    """Have a change say as well what an earlier one does that was not written."""
    new.success_at = new.success_at or old.success_at
    if new.failure_at is None:
        new.failure_at, new.reason = old.failure_at, old.reason
    if old.state == State.PAUSED or (old.state == State.DISABLED and new.state == State.FAILING):
        new.state, new.why = old.state, old.why


def row(line: Line, change: Change) -> dict[str, Any]:
    """Return what is written of one endpoint."""
    return {
        "endpoint": line.recipient.id,
        "success_at": _text(change.success_at),
        "failure_at": _text(change.failure_at),
        "reason": change.reason,
        "misses": line.misses,
        "failing_since": _text(line.failing_since),
        "closed_until": _text(line.health.closed_until),
        "state": change.state,
        "why": change.why,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
