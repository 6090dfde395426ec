"""What the page of a call says of its recording: whether there is one, why not, and who was told."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import roles
from accounts.roles import User
from accounts.scope import Scope, for_user
from common import timeid
from console.recordings import words
from privacy.deciding import book
from privacy.models import Call, RecordingFile, RoutingDecision
from privacy.recordings.hosts import is_listed
from privacy.recordings.links import term
from privacy.routing.facts import CallDecision

AROUND = timedelta(hours=24)
SHORTEST = timedelta(seconds=3)  # pushes.md 3.4
STATE = RecordingFile.State


@dataclass(frozen=True)
class Panel:
    """`words`: what became of it; `level` "bad" colours them. `announcement`: whether the parties were told.

    `opening` is the token of this showing: what is heard by it leaves one row in the audit trail.
    """

    words: str
    level: str = ""
    row: RecordingFile | None = None
    announcement: str = ""
    warns: bool = False
    may_listen: bool = False
    may_fetch: bool = False
    opening: str = ""

    @property
    def plays(self) -> bool:
        """Return whether there is something to listen to, for this person."""
        return self.may_listen and self.row is not None and self.row.state == STATE.STORED


def of_call(user: User, call: Call) -> Panel:
    """Return what a page says of the recording of a call that the person may see."""
    scope = for_user(user)
    row = _row(scope, call)
    if row is not None:
        text, level = describe(row), "bad" if row.state == STATE.FAILED else ""
    else:
        text, level = _without_file(call)
    told, warns = _announcement(scope, call) if row is not None or call.recorded else ("", False)
    return Panel(text, level, row, told, warns, **_rights(user, row))


def of_row(user: User, row: RecordingFile) -> Panel:
    """Return what a list says of a recording."""
    return Panel(describe(row), "bad" if row.state == STATE.FAILED else "", row, **_rights(user, row))


def describe(row: RecordingFile) -> str:
    """Return what became of a recording, in a sentence."""
    match row.state:
        case STATE.STORED if row.delete_at is not None and row.delete_at <= timezone.now():
            return _("Its term is over: it is being deleted.")
        case STATE.STORED:
            return _("Stored, and kept until %(day)s.") % {"day": _day(row.delete_at)}
        case STATE.DELETED:
            return _("Deleted on %(day)s, when its term was over.") % {"day": _day(row.deleted_at)}
        case STATE.FAILED:
            return _("Not here: %(reason)s.") % {"reason": words.problem(row)}
    if not row.attempts:
        return _("To be fetched from the upstream.")
    asked = ngettext(
        "To be fetched from the upstream; asked %(n)s time so far.",
        "To be fetched from the upstream; asked %(n)s times so far.",
        row.attempts,
    ) % {"n": row.attempts}
    return f"{asked} {_('Last time: %(reason)s.') % {'reason': words.problem(row)}}" if row.problem else asked


def _rights(user: User, row: RecordingFile | None) -> dict[str, Any]:
    failed = row is not None and row.state == STATE.FAILED and row.deleted_at is None and bool(row.source_url)
    return {
        "may_listen": roles.may(user, "listen"),
        "may_fetch": failed and roles.may(user, "operate"),
        "opening": uuid4().hex,
    }


def _row(scope: Scope, call: Call) -> RecordingFile | None:
    rows = scope.rows(RecordingFile)
    if call.record_object:
        named = rows.filter(account=call.account_id, domain=call.record_domain, name=call.record_object).first()
        if named is not None:
            return named
    return rows.filter(call_id=call.pk).order_by("pk").first()


def _without_file(call: Call) -> tuple[str, str]:
    if not call.recorded and not call.record_object:
        return _("Not recorded."), ""
    talk = (call.ended_at - call.answered_at) if call.answered_at else timedelta(0)
    if talk < SHORTEST:
        return _("The conversation took less than 3 seconds: no recording is kept of it."), ""
    url = call.record_download_url
    if url and not is_listed(url, call.upstream.recording_hosts):
        return _("It lies at the upstream, on a host that is not on the upstream's list: it is not fetched."), "bad"
    if timezone.now() > call.received_at + term():
        return _("Recorded, but no file came within its term."), "bad"
    return _("Recorded; the file has not come yet."), ""


def _announcement(scope: Scope, call: Call) -> tuple[str, bool]:
    """Return whether the switch was told to play the announcement that a recorded call must carry (pushes.md 3.4)."""
    answer = _told(scope, call)
    if answer is None:
        return _("Announcement: not known, the call was not routed here."), False
    if not answer.record:
        return _("The switch recorded although it was not told to."), True
    if not answer.record_voice:
        return _("The switch was told to record, and no announcement."), True
    return _("Announcement: the switch was told to play %(name)s.") % {"name": answer.record_voice}, False


def _told(scope: Scope, call: Call) -> CallDecision | None:
    if not call.session_id:
        return None
    at = timeid.instant(call.pk)
    first, last = timeid.id_range(at - AROUND, at + AROUND)
    rows = scope.rows(RoutingDecision).filter(
        session_id=call.session_id, upstream=call.upstream_id, kind=RoutingDecision.Kind.CALL, outcome="connect",
        pk__gte=first, pk__lt=last,
    )  # fmt: skip
    decision = rows.order_by("-pk").first()
    return book.read(decision.detail).answer if decision else None


def _day(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"
