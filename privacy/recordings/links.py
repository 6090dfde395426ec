"""Where each recording lies, whether it may still be fetched, and the link that fetches it (northbound.md 7).

A recording's row says where its file is. A file without one, put there by other means, is found where the names of its
CDR say: `<account id>/<domain>/<object>`. The link is signed and holds the call's id and when it ends, no number;
whoever has it can fetch the file, so it is never logged or cached.
"""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Application
from common.errors import MasklineError
from privacy.models import Call, RecordingFile
from privacy.recordings import store
from privacy.recordings.store import PLAIN, path_of

SALT = "privacy.recordings"
TWINS = 100
FALLBACK_NAME = "recording.wav"


class NoRecording(MasklineError):
    """There is no such file of this application, or no longer."""


@dataclass(frozen=True)
class Recording:
    """A file that can be fetched: the call it belongs to and where it lies."""

    call: Call
    path: str

    @property
    def name(self) -> str:
        """Return what the file is called when it is saved."""
        return saved_as(self.call.record_object)

    @property
    def content_type(self) -> str:
        """Return its media type by its name: audio, or bytes that no browser interprets."""
        kind = mimetypes.guess_type(self.name)[0] or ""
        kind = "audio/wav" if kind == "audio/x-wav" else kind
        return kind if kind.startswith("audio/") else "application/octet-stream"

    def open(self) -> tuple[BinaryIO, int]:
        """Return the file and its size in bytes. Raises NoRecording when it is gone meanwhile, StorageAway."""
        try:
            return store.open_file(self.path)
        except FileNotFoundError:
            raise NoRecording from None


def find(application: Application, *, name: str, domain: str, now: datetime) -> Recording:
    """Return the application's recording that a CDR of the last days named so. Raises NoRecording, StorageAway."""
    calls = Call.objects.filter(
        application=application, record_object=name, record_domain=domain, received_at__gt=now - term()
    )
    # By the index of the object in each partition, for a CDR of long ago may have arrived today; asked for in the order
    # of their ids, the database would be tempted to walk through all calls instead.
    for call in sorted(calls[:TWINS], key=lambda call: call.pk, reverse=True):
        if found := _of(call):
            return found
    raise NoRecording


def link(recording: Recording) -> str:
    """Return the address that fetches the file with a plain GET, until its term is over."""
    call = recording.call
    ends_at = int((call.received_at + term()).timestamp())
    token = _signer().sign_object([call.pk.hex, ends_at])
    return settings.MASKLINE_PUBLIC_URL + reverse("recording_file", args=[token, recording.name])


def opened(token: str, now: datetime) -> Recording:
    """Return the recording behind a link. Raises NoRecording for one that is forged or over, or whose file is gone."""
    try:
        call_id, ends_at = _signer().unsign_object(token)
    except signing.BadSignature:
        raise NoRecording from None
    if now >= datetime.fromtimestamp(ends_at, UTC):
        raise NoRecording
    call = Call.objects.filter(pk=UUID(hex=call_id)).first()
    found = _of(call) if call else None
    if found is None:
        raise NoRecording
    return found


def saved_as(name: str) -> str:
    """Return what a file may be called on every system."""
    return name if PLAIN.fullmatch(name) else FALLBACK_NAME


def term() -> timedelta:
    """Return how long a recording is kept from the CDR's arrival (pushes.md 3.4)."""
    return timedelta(days=settings.MASKLINE["recording_days"])


def _of(call: Call) -> Recording | None:
    """Return the recording of a call, if its file is there: of a call under 3 s there is none."""
    if not call.record_object:
        return None
    rows = RecordingFile.objects.filter(account=call.account_id, domain=call.record_domain, name=call.record_object)
    row = rows.first()
    if row is not None:
        return Recording(call, row.path) if row.state == RecordingFile.State.STORED else None
    path = path_of(call.account_id, call.record_domain, call.record_object)
    return Recording(call, path) if store.exists(path) else None


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=SALT)
