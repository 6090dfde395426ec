"""Recordings: where each lies, whether it may still be fetched, and the link that fetches it (northbound.md 7).

In the storage "recordings" a file is `<account id>/<domain>/<object>`, as the CDR names them. The link is signed and
holds the call's id and when it ends, no number; whoever has it can fetch the file, so it is never logged or cached.
"""

import mimetypes
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import Storage, storages
from django.urls import reverse

from accounts.models import Application
from common.errors import MasklineError
from privacy.models import Call

SALT = "privacy.recordings"
TWINS = 100
# What is a file's name on every system and stands in an address as it is; anything else is named by its hash.
PLAIN = re.compile(r"[A-Za-z0-9_@+=-][A-Za-z0-9_.@+=-]{0,199}")
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
        return self.call.record_object if PLAIN.fullmatch(self.call.record_object) else FALLBACK_NAME

    @property
    def content_type(self) -> str:
        """Return its media type by its name: audio, or bytes that no browser interprets."""
        kind = mimetypes.guess_type(self.name)[0] or ""
        kind = "audio/wav" if kind == "audio/x-wav" else kind
        return kind if kind.startswith("audio/") else "application/octet-stream"

    def open(self) -> tuple[BinaryIO, int]:
        """Return the file and its size in bytes. Raises NoRecording when it is gone meanwhile."""
        try:
            file: Any = _storage().open(self.path)
            return file, int(file.size)
        except OSError:
            raise NoRecording from None


def find(application: Application, *, name: str, domain: str, now: datetime) -> Recording:
    """Return the application's recording that a CDR of the last days named so. Raises NoRecording."""
    calls = Call.objects.filter(
        application=application, record_object=name, record_domain=domain, received_at__gt=now - _term()
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
    ends_at = int((call.received_at + _term()).timestamp())
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


def path_of(account_id: int, domain: str, name: str) -> str:
    """Return where a recording lies in the storage: the switch's side writes it there. No text escapes the folder."""
    return f"{account_id}/{_plain(domain)}/{_plain(name)}"


def _of(call: Call) -> Recording | None:
    """Return the recording of a call, if its file is there: of a call under 3 s there is none."""
    if not call.record_object:
        return None
    path = path_of(call.account_id, call.record_domain, call.record_object)
    return Recording(call, path) if _storage().exists(path) else None


def _plain(text: str) -> str:
    return text if PLAIN.fullmatch(text) else f"~{sha256(text.encode()).hexdigest()}"


def _term() -> timedelta:
    return timedelta(days=settings.MASKLINE["recording_days"])


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=SALT)


def _storage() -> Storage:
    return storages["recordings"]
