"""What a person is about to do with numbers, kept between its preview and its doing: a file beside the exports.

It opens only for the person who made it, and only once it is done: its id names one click.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson
from django.core import signing
from django.utils.translation import gettext as _

from accounts.roles import User
from common.errors import BadInput
from console import job_files
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line

SALT = "console.numbers.drafts"
FILE = "lines.json"


@dataclass(frozen=True)
class Draft:
    """A step with its lines. `source` is the name of the file they came from, "" when they were typed or ticked."""

    id: UUID
    step: str
    choice: Choice
    lines: Sequence[Line]
    source: str = ""


def keep(step: str, choice: Choice, lines: Sequence[Line], source: str, user: User) -> str:
    """Keep a draft; return the token that opens it for this person. Whatever is not done goes after an hour."""
    id = uuid.uuid4()
    folder = job_files.folder() / f"draft-{id}"
    folder.mkdir(mode=job_files.FOLDER_MODE)
    path = folder / FILE
    path.touch(mode=0o600)
    content = {"step": step, "choice": asdict(choice), "source": source, "lines": [asdict(line) for line in lines]}
    path.write_bytes(orjson.dumps(content))
    return signing.dumps({"draft": str(id), "user": user.pk}, salt=SALT)


def opened(token: str, user: User) -> Draft | None:
    """Return the draft of a token, or None for a forged one, someone else's or one that is gone."""
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if content["user"] != user.pk:
        return None
    try:
        return read(content["draft"])
    except BadInput:
        return None


def read(id: str) -> Draft:
    """Return the draft of an id. Raises BadInput when it is gone."""
    path = job_files.folder() / f"draft-{UUID(id)}" / FILE
    try:
        content = orjson.loads(path.read_bytes())
    except OSError:
        raise BadInput("file", _("is gone"), _("upload it again")) from None
    lines = [Line(**line) for line in content["lines"]]
    return Draft(UUID(id), content["step"], Choice(**content["choice"]), lines, content["source"])
