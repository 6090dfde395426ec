"""The files jobs leave: a folder per attempt under MASKLINE_EXPORT_DIR, fetched by a signed link for 24 hours."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.core import signing

from console import jobs
from console.models import Job

SALT = "console.job_files"
FOLDER_MODE = 0o700


@dataclass(frozen=True)
class Link:
    """What a link is for: a job, and of it the rows or (`totals`) the sidecar."""

    job_id: UUID
    totals: bool


def folder() -> Path:
    """Return the folder of all results, made when missing."""
    path = Path(settings.MASKLINE_EXPORT_DIR)
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return path


def folder_of(job: Job) -> Path:
    """Return the folder of this attempt, made when missing: an older attempt cannot write into it."""
    path = folder() / f"{job.pk}-{job.attempts}"
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return path


def signed(job: Job, *, totals: bool = False) -> str:
    """Return the token of a link to a job's result."""
    return signing.dumps({"job": str(job.pk), "totals": totals}, salt=SALT)


def opened(token: str) -> Link | None:
    """Return what a token is for, or None when it is forged or older than 24 hours."""
    try:
        content = signing.loads(token, salt=SALT, max_age=jobs.KEEP)
    except signing.BadSignature:
        return None
    return Link(UUID(content["job"]), bool(content["totals"]))


def path_of(job: Job, *, totals: bool = False) -> Path | None:
    """Return the file of a finished job, or None when it is gone or would lie outside the folder of results."""
    if not job.result_file:
        return None
    root = folder().resolve()
    path = (root / (job.result_file + (".json" if totals else ""))).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def write(job: Job, name: str, content: bytes, rows: int, facts: Mapping[str, Any]) -> jobs.Result:
    """Write the file of this attempt and its sidecar with what it says; return it as the job's result."""
    inside, digest = folder_of(job), hashlib.sha256(content).hexdigest()
    told = {"file": name, "lines": rows, **facts, "sha256": digest}
    for called, body in ((name, content), (f"{name}.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))):
        path = inside / called
        path.touch(mode=0o600)
        path.write_bytes(body)
    return jobs.Result(f"{inside.name}/{name}", rows, len(content), digest)


def remove_expired(now: datetime) -> int:
    """Delete the files of jobs past their term and what dead attempts left; return how many jobs lost theirs."""
    expired = list(Job.objects.filter(expires_at__lte=now).exclude(result_file=""))
    for job in expired:
        _remove((folder() / job.result_file).parent)
        Job.objects.filter(pk=job.pk).update(result_file="")
    kept = {Path(name).parts[0] for name in Job.objects.exclude(result_file="").values_list("result_file", flat=True)}
    active = Job.objects.filter(state__in=jobs.ACTIVE)
    running = {f"{job.pk}-{job.attempts}" for job in active}
    # What a waiting job is to do lies in a draft (console/numbers/drafts.py).
    running |= {f"draft-{job.parameters['draft']}" for job in active if "draft" in job.parameters}
    for path in folder().iterdir():
        # A folder is made after its attempt was claimed; one that nothing knows for an hour is left by the dead.
        old = path.stat().st_mtime < (now - timedelta(hours=1)).timestamp()
        if old and path.name not in kept | running:
            _remove(path)
    return len(expired)


def _remove(path: Path) -> None:
    if path.parent == folder():
        shutil.rmtree(path, ignore_errors=True)
