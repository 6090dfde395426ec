"""A file of blacklist entries as a job. Between preview and doing it lies sealed beside the exports."""

import csv
import io
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson
from django.core import signing
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import Application
from accounts.roles import User
from accounts.scope import for_user
from common.errors import BadInput
from common.keyring import keyring
from common.phone import mask, mask_in_text
from console import job_files, jobs
from console.models import Job
from privacy.control import lists
from privacy.control.changes import By
from privacy.control.lists import Wanted

KIND = "blacklist"
FILE = "blacklist.csv"
DRAFT = "blacklist.sealed"
SALT = "console.risk.loading"
BOM = "\ufeff"


@dataclass(frozen=True)
class Draft:
    """What a file asks for, and of which application. `source` is the file's name."""

    id: UUID
    application_id: int
    source: str
    wanted: Sequence[Wanted]


def keep(application: Application, wanted: Sequence[Wanted], source: str, user: User) -> str:
    """Keep a draft; return the token that opens it for this person. Whatever is not done goes after an hour."""
    id = uuid.uuid4()
    folder = job_files.folder() / f"draft-{id}"
    folder.mkdir(mode=job_files.FOLDER_MODE)
    content = {"application": application.pk, "source": source, "wanted": [asdict(one) for one in wanted]}
    (folder / DRAFT).write_bytes(keyring().seal_body(orjson.dumps(content)))
    return signing.dumps({"draft": str(id), "user": user.pk}, salt=SALT)


def opened(token: str, user: User) -> Draft | None:
    """Return the draft of a token, or None for a forged one, someone else's or one that is gone."""
    try:
        content = signing.loads(token, salt=SALT)
        return read(content["draft"]) if content["user"] == user.pk else None
    except (signing.BadSignature, BadInput):
        return None


def read(id: str) -> Draft:
    """Return the draft of an id. Raises BadInput when it is gone."""
    path = job_files.folder() / f"draft-{UUID(id)}" / DRAFT
    try:
        content = orjson.loads(keyring().open_body(path.read_bytes()))
    except OSError:
        raise BadInput("file", _("is gone"), _("upload it again")) from None
    return Draft(UUID(id), content["application"], content["source"], [Wanted(**one) for one in content["wanted"]])


def order(draft: Draft, application: Application, reason: str, user: Any, *, at_once: bool) -> tuple[Job, bool]:
    """Return the job that does a draft and whether it is new; the same draft again is the same job."""
    parameters = {
        "draft": str(draft.id),
        "app_key": application.app_key,
        "source": draft.source,
        "reason": mask_in_text(reason),
        "language": translation.get_language(),
    }
    how: dict[str, Any] = {"total": len(draft.wanted), "announce": not at_once, "once": True}
    return jobs.enqueue(KIND, parameters, user, account=application.account, **how)


def do(job: Job, watch: Callable[[int], None], request: HttpRequest | None = None) -> jobs.Result:
    """Do a claimed job and write its file. Permission and scope are asked again. Raises BadInput."""
    user = job.requested_by
    with translation.override(job.parameters["language"]):
        if not roles.may(user, "operate"):
            raise BadInput("user", _("may no longer do this"), _("ask someone with the permission"))
        draft = read(job.parameters["draft"])
        rows = for_user(user).rows(Application).select_related("account")
        application = rows.filter(pk=draft.application_id).first()
        if application is None:
            raise BadInput("application", _("is unknown"))
        there = lists.known(application, draft.wanted)
        by = By(user, job.parameters["reason"], request)
        done = lists.load(application, draft.wanted, by, watch, draft.source)
        facts = {"app_key": application.app_key, "new": done.new, "already": done.already}
        return job_files.write(job, FILE, _written(draft, there), len(draft.wanted), facts)


def title(job: Job) -> Any:
    """Return what a job does, for the jobs page."""
    return _("Blacklist of %(key)s") % {"key": job.parameters["app_key"]}


def note(job: Job) -> Any:
    """Return what stands under it: the file it came from and why."""
    return ", ".join(filter(None, (job.parameters["source"], job.parameters["reason"])))


def _written(draft: Draft, there: set[Any]) -> bytes:
    """Return what became of each line. Numbers are masked: the file may be handed on."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["line", "number", "side", "counterpart", "outcome"])
    for one in draft.wanted:
        cells = [f"'{mask(number)}" if number else "" for number in (one.number, one.other)]
        rows.writerow([one.line, cells[0], one.side, cells[1], "unchanged" if one.key() in there else "done"])
    return (BOM + text.getvalue()).encode()
