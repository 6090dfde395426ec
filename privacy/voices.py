"""Voice files: uploaded, reviewed, used by name (northbound.md 10; pushes.md 8, "Voice files").

A name that is approved keeps its sound for ever: bindings rely on it. Whoever wants another sound under it deletes the
file first, knowing which bindings name it, or takes another name. What waits or was refused is replaced by an upload
of the same name. The sound lies in the storage "voices", written before the row that names it and deleted after it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, Application
from accounts.roles import User
from common.errors import BadInput, Conflict
from common.phone import mask_in_text
from privacy import wav
from privacy.models import Binding, VoiceFile

NAME = re.compile(r"[A-Za-z0-9_.@-]{1,124}\.[Ww][Aa][Vv]")
MOST_FILES = 1000
NOTE_AT_LEAST = 3
WAITING, APPROVED, REFUSED = VoiceFile.State.WAITING, VoiceFile.State.APPROVED, VoiceFile.State.REFUSED
BINDING_FIELDS = ("last_minute_voice", "record_voice", "caller_voice", "callee_voice", "callback_voice")


@dataclass(frozen=True)
class Uses:
    """Who names a voice file now."""

    bindings: int
    applications: list[Application]

    def __bool__(self) -> bool:
        return bool(self.bindings or self.applications)


def approved(account_id: int, names: Iterable[str]) -> set[str]:
    """Return those of `names` that an account may use: uploaded by it and approved (northbound.md 9.1, 1010002)."""
    wanted = {name for name in names if NAME.fullmatch(name)}
    if not wanted:
        return set()
    mine = VoiceFile.objects.filter(account=account_id, name__in=wanted, state=APPROVED)
    return set(mine.values_list("name", flat=True))


def find_approved(account_id: int, name: str) -> VoiceFile | None:
    """Return the approved file of an account with that name, if there is one."""
    if not NAME.fullmatch(name):
        return None
    return VoiceFile.objects.filter(account=account_id, name=name, state=APPROVED).first()


def upload(
    account: Account, name: str, content: bytes, *, purpose: str = "", user: User, request: HttpRequest | None = None
) -> VoiceFile:
    """Keep a file for review and return it. Raises BadInput("name" or "file", why), in the person's language."""
    if not NAME.fullmatch(name):
        raise BadInput("name", _("A name has letters, digits, - _ . or @, ends with .wav and is at most 128 long."))
    facts = {
        "size": len(content),
        "milliseconds": wav.check(content).milliseconds,
        "sha256": sha256(content).hexdigest(),
        "purpose": mask_in_text(purpose)[:200],
        "uploaded_by": user.get_username(),
    }
    # A file of its own for each row, also for the same sound: the storage picks a name that is free.
    stored_as = _storage().save(f"{account.pk}/{facts['sha256']}.wav", ContentFile(content))
    try:
        with transaction.atomic():
            voice = _write(account, name, {**facts, "stored_as": stored_as})
            _record("upload", voice, user, request)
    except BaseException:
        _storage().delete(stored_as)
        raise
    return voice


def review(
    voice: VoiceFile, *, approve: bool, note: str = "", sha256: str, user: User, request: HttpRequest | None = None
) -> VoiceFile:
    """Approve or refuse the sound with that SHA-256; refusing an approved file withdraws it, and needs a note.

    Raises Conflict when another sound has taken its place, or it is gone.
    """
    note = mask_in_text(note.strip())
    if not approve and len(note) < NOTE_AT_LEAST:
        raise BadInput("note", _("Say why, for the one who uploaded it."))
    with transaction.atomic():
        row = VoiceFile.objects.select_for_update().filter(pk=voice.pk, sha256=sha256).first()
        if row is None:
            raise Conflict(_("The file was replaced or deleted meanwhile: listen to it again."))
        row.state = APPROVED if approve else REFUSED
        row.reviewed_by, row.reviewed_at, row.review_note = user.get_username(), timezone.now(), note[:500]
        row.save(update_fields=["state", "reviewed_by", "reviewed_at", "review_note"])
        _record("approve" if approve else "refuse", row, user, request, reason=note)
    return row


def delete(voice: VoiceFile, *, user: User, reason: str = "", request: HttpRequest | None = None) -> None:
    """Delete a file and its sound. What names it plays nothing from now on. Gone already is as good."""
    with transaction.atomic():
        row = VoiceFile.objects.select_for_update().filter(pk=voice.pk).first()
        if row is not None:
            _record("delete", row, user, request, reason=reason)
            _forget(row.stored_as)
            row.delete()


def uses(voice: VoiceFile, now: datetime) -> Uses:
    """Return how many bindings that hold now, and which applications, name the file."""
    named = Q(*[(field, voice.name) for field in BINDING_FIELDS], _connector=Q.OR)
    held = Binding.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), valid_to__isnull=True)
    prompts = Q(no_permission_voice=voice.name) | Q(abnormal_voice=voice.name)
    applications = Application.objects.filter(account=voice.account_id).values("pk")
    return Uses(
        # By application: the index of what holds now has no account.
        bindings=held.filter(named, application__in=applications).count(),
        applications=list(Application.objects.filter(prompts, account=voice.account_id)),
    )


def open_sound(voice: VoiceFile) -> BinaryIO:
    """Return the stored file. Raises FileNotFoundError when the storage has lost it."""
    file: Any = _storage().open(voice.stored_as)
    return file  # type: ignore[no-any-return]


def _write(account: Account, name: str, facts: dict[str, Any]) -> VoiceFile:
    """Return the new row, or the one whose sound was replaced, waiting for review again."""
    row = VoiceFile.objects.select_for_update().filter(account=account, name=name).first()
    if row is None:
        if VoiceFile.objects.filter(account=account).count() >= MOST_FILES:
            raise BadInput("file", _("The account has %(n)s voice files; delete some first.") % {"n": MOST_FILES})
        try:
            return VoiceFile.objects.create(account=account, name=name, **facts)
        except IntegrityError:
            raise BadInput("name", _("Somebody uploads this name at this moment. Try again.")) from None
    if row.state == APPROVED:
        raise BadInput(
            "name",
            _("%(name)s is approved and keeps its sound. Take another name, or delete it first.") % {"name": name},
        )
    _forget(row.stored_as)
    again = {"state": WAITING, "uploaded_at": timezone.now(), "reviewed_by": "", "reviewed_at": None, "review_note": ""}
    for field, value in {**facts, **again}.items():
        setattr(row, field, value)
    row.save()
    return row


def _forget(stored_as: str) -> None:
    """Delete a sound once the transaction that let go of it is committed."""
    transaction.on_commit(lambda: _storage().delete(stored_as), robust=True)


def _record(verb: str, voice: VoiceFile, user: User, request: HttpRequest | None, reason: str = "") -> None:
    audit.record(
        user=user, action=f"voice.{verb}", subject_kind="voicefile", subject=voice.name, account=voice.account,
        reason=reason, detail={"id": voice.pk, "sha256": voice.sha256, "bytes": voice.size}, request=request,
    )  # fmt: skip


def _storage() -> Storage:
    return storages["voices"]
