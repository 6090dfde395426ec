"""What CDRs tell of recordings that lie at the upstream: rows for those that are to be fetched."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Upstream
from privacy.models import RecordingFile
from privacy.recordings.hosts import is_listed
from privacy.recordings.links import term
from privacy.storing.candidates import Candidate


def expect(calls: Sequence[Candidate], upstream: Upstream, now: datetime) -> None:
    """Write a row for each call whose CDR has an address on a host that the upstream lists, unless it is too old."""
    hosts = upstream.recording_hosts
    if not hosts:
        return
    rows = {
        (row.account_id, row.domain, row.name): row
        for call in calls
        if (url := call.facts.record_download_url) and call.at > now - term() and is_listed(url, hosts)
        for row in [_row(call, upstream, url, now)]
    }
    # In one order, for two who store calls of the same recordings at once. One that was uploaded before is joined.
    RecordingFile.objects.bulk_create(
        [rows[key] for key in sorted(rows)],
        update_conflicts=True,
        unique_fields=["account", "domain", "name"],
        update_fields=["call_id", "delete_at"],
    )


def _row(call: Candidate, upstream: Upstream, url: str, now: datetime) -> RecordingFile:
    application, facts = call.owner.application, call.facts
    return RecordingFile(
        account_id=application.account_id, application_id=application.id, upstream=upstream,
        session_id=facts.session_id, call_id=call.id, domain=facts.record_domain,
        name=facts.record_object or f"{call.id}.wav", path="", state=RecordingFile.State.AWAITED, source_url=url,
        due_at=now, delete_at=now + term(),
    )  # fmt: skip
