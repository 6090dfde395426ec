"""Taking the recording of a call from the switch, before its CDR or after it (pushes.md 3.4).

The file is whole, checked and in the storage before a row tells of it: a kill at any moment leaves no row and at most
a file that nobody names, which `retention` deletes. A name is taken once per account and domain: what comes again is
compared by its SHA-256, and other content is refused.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from accounts.models import Account, Application, Upstream
from common.errors import BadInput, Conflict, MasklineError
from common.faults import fault_point
from privacy import wav
from privacy.models import Call, RecordingFile, Session
from privacy.recordings import store
from privacy.recordings.links import term
from privacy.recordings.store import Spooled, StorageAway

LONGEST = 128  # fileName and recordDomain of the customer's request (northbound.md 7)
STATE = RecordingFile.State
CURE = f"use 1-{LONGEST} letters, digits and _ . @ + = -, and no . in front"


class UnknownSession(MasklineError):
    """Nothing is known of the session yet, or it is not this upstream's: its event or its CDR may still come."""

    retry = True


@dataclass(frozen=True)
class Kept:
    """What became of an upload: a new row, or (`repeated`) the one that holds the same file already."""

    row: RecordingFile
    repeated: bool


def check_name(field: str, text: str) -> str:
    """Return a name or a domain that can stand in a path and in an address. Raises BadInput."""
    if not text:
        raise BadInput(field, "is missing", CURE)
    if len(text) > LONGEST or not store.PLAIN.fullmatch(text):
        raise BadInput(field, "is no name of a recording", CURE)
    return text


def session_of(upstream: Upstream, session_id: str, application: Application | None) -> Session:
    """Return the upstream's newest session of that id, of an account that it serves. Raises UnknownSession.

    `application`: the one that the signature names, which must then be the session's.
    """
    key = sha256(session_id.encode("utf-8", "surrogatepass")).digest()[:16]
    rows = Session.objects.select_related("account", "application").filter(upstream=upstream, session_key=key)
    session = rows.order_by("-generation").first()
    if session is None or session.account is None or session.application is None:
        raise UnknownSession
    if application is not None and application != session.application:
        raise UnknownSession
    if not upstream.every_account and not upstream.accounts.filter(pk=session.account.pk).exists():
        raise UnknownSession
    return session


def keep(session: Session, parts: Iterable[bytes], *, domain: str, name: str, now: datetime) -> Kept:
    """Store a recording of a session and return its row.

    Raises TooLarge; BadInput when it is no A-law recording, or what `parts` raises; Conflict when the name holds
    another file, or one that was deleted; StorageAway.
    """
    account, application = session.account, session.application
    assert account is not None and application is not None
    with store.spooled(parts) as spool:
        with spool.path.open("rb") as file:
            wav.locate(file, spool.size)
        known = _row(account, domain, name).first()
        if known and known.state in (STATE.STORED, STATE.DELETED):
            return _compared(known, spool)
        path = store.put(spool, store.path_of(account.pk, domain, name))
        fault_point("recordings.put")
        facts = {"upstream": session.upstream, "application": application, "session_id": session.session_id}
        return _tell(spool, path, now, account=account, domain=domain, name=name, **facts)


def tell(spool: Spooled, path: str, now: datetime, row: RecordingFile) -> Kept:
    """Let the row of a fetched file tell where it is. Raises Conflict when another file took its name meanwhile."""
    return _tell(spool, path, now, account=row.account, domain=row.domain, name=row.name)


def call_of(account_id: int, upstream_id: int, domain: str, name: str) -> Call | None:
    """Return the call whose CDR names the recording: of several, the one that arrived last."""
    calls = Call.objects.filter(
        record_object=name, record_domain=domain, account=account_id, upstream=upstream_id
    )  # by the index of the object in each partition
    return max(calls[:100], key=lambda call: (call.received_at, call.pk), default=None)


def _tell(spool: Spooled, path: str, now: datetime, *, account: Account, domain: str, name: str, **facts: Any) -> Kept:
    try:
        with transaction.atomic():
            kept = _write(spool, path, now, account, domain, name, facts)
    except BaseException:
        _drop(path)
        raise
    if kept.repeated:
        _drop(path)
    fault_point("recordings.told")
    return kept


def _write(
    spool: Spooled, path: str, now: datetime, account: Account, domain: str, name: str, facts: dict[str, Any]
) -> Kept:
    RecordingFile.objects.bulk_create(
        [RecordingFile(account=account, domain=domain, name=name, path="", state=STATE.AWAITED, **facts)]
        if facts
        else [],
        ignore_conflicts=True,
    )
    row = _row(account, domain, name).select_for_update(of=("self",)).get()
    if row.state in (STATE.STORED, STATE.DELETED):
        return _compared(row, spool)
    call = call_of(account.pk, row.upstream_id, domain, name)
    row.state, row.path, row.size, row.sha256 = STATE.STORED, path, spool.size, spool.sha256
    row.stored_at, row.due_at, row.source_url, row.problem = now, None, None, ""
    row.call_id = call.pk if call else None
    row.delete_at = (call.received_at if call else now) + term()
    row.save()
    return Kept(row, repeated=False)


def _compared(row: RecordingFile, spool: Spooled) -> Kept:
    """Return the row if it holds the same file. Raises Conflict."""
    if row.state == STATE.DELETED:
        raise Conflict(f"name: a recording of this name was deleted on {row.deleted_at:%Y-%m-%d}; it cannot come back")
    if bytes(row.sha256 or b"") != spool.sha256:
        raise Conflict("name: another recording of this domain has this name; it is kept, yours is not")
    return Kept(row, repeated=True)


def _row(account: Account, domain: str, name: str) -> Any:
    return RecordingFile.objects.filter(account=account, domain=domain, name=name)


def _drop(path: str) -> None:
    with suppress(StorageAway):  # then retention deletes it: no row names it
        store.delete(path)
