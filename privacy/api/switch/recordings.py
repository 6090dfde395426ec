"""PUT /switch/v1/recordings/NAME?session_id=&domain=: the recording of a call (docs/recordings.md)."""

from collections.abc import Iterator

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, QueryDict

from accounts.models import Application
from common.errors import BadInput, Conflict
from privacy.api import bodies
from privacy.api.switch.door import INVALID, Asked, NotThere, answer, door, refusal
from privacy.recordings import keeping, store

TAKEN = "1016002"  # The record already exists.
LONGEST_SESSION_ID = 256
MIB = 1024 * 1024
# A body whose signature digests it is held in memory: 8 MiB are 17 minutes.
MOST_DIGESTED = 8 * MIB


def upload(asked: Asked, name: str) -> HttpResponse:
    """Keep the body under the name that the CDR tells; the same again is a success, another file a conflict."""
    try:
        return _upload(asked, name)
    except (bodies.TooLarge, store.TooLarge):
        bodies.drain(asked.request, store.most_bytes())
        return refusal(INVALID, f"body: larger than {store.most_bytes() // MIB} MiB", 413)
    except Conflict as problem:
        return refusal(TAKEN, f"The record already exists. {problem}", 409)
    except (BadInput, NotThere):
        # Most clients look for the answer only when they have sent it all.
        bodies.drain(asked.request, store.most_bytes())
        raise


def _upload(asked: Asked, name: str) -> HttpResponse:
    query = _query(asked)
    keeping.check_name("name", name)
    domain = keeping.check_name("domain", query.get("domain", ""))
    session_id = query.get("session_id", "")
    if not session_id or len(session_id) > LONGEST_SESSION_ID or "\0" in session_id:
        raise BadInput("session_id", "is missing, or no session id", "send the one of the call's events and CDR")
    try:
        session = keeping.session_of(asked.upstream, session_id, _application(asked))
    except keeping.UnknownSession:
        raise NotThere(
            "session_id: no session of an account that this upstream serves is known by it. "
            "Ask where the call goes, or send an event or the CDR, and then try again."
        ) from None
    kept = keeping.keep(session, _parts(asked), domain=domain, name=name, now=asked.now)
    row = kept.row
    return answer(
        {
            "name": row.name,
            "domain": row.domain,
            "size": row.size,
            "sha256": bytes(row.sha256 or b"").hex(),
            "repeated": kept.repeated,
        }
    )


def _parts(asked: Asked) -> Iterator[bytes]:
    return iter([asked.body]) if asked.body else bodies.parts(asked.request, store.most_bytes())


def _query(asked: Asked) -> QueryDict:
    try:
        return asked.request.GET
    except SuspiciousOperation:
        raise BadInput("query", "holds too many parameters") from None


def _application(asked: Asked) -> Application | None:
    """Return the application that the signature names, None when it is the upstream's own."""
    if not asked.app_key:
        return None
    listed = asked.upstream.applications.select_related("application").filter(app_key=asked.app_key).first()
    return listed.application if listed else None


recordings = door(limit=MOST_DIGESTED, reads_itself=True, PUT=upload)
