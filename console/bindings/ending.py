"""Ending bindings in the console: what is chosen, counted exactly, then ended as a job that leaves a file.

A selection may hold a real number, so it travels sealed and opens only for the person who made it.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, roles
from accounts.models import Account
from accounts.scope import Scope, for_user
from billing.reports.cells import csv_safe
from common.errors import BadInput
from common.phone import mask, mask_in_text
from console import job_files, jobs
from console.bindings.listing import holding
from console.history import terms
from console.models import Job
from privacy import bindings
from privacy.models import Binding

KIND = "end_bindings"
ONE, PARTY, NUMBER, APPLICATION = "binding", "party", "number", "application"
CHUNK = 100
FILE = "bindings-ended.csv"
BOM = "\ufeff"
COLUMNS = ("binding_id", "kind", "virtual_number", "a_number", "b_number", "outcome", "ended_at")


@dataclass(frozen=True)
class Selection:
    """Which bindings: one by id, all of a real number, of an X, of an application; `app_key` "" = any application."""

    kind: str
    text: str
    app_key: str = ""

    def named(self) -> str:
        """Return what is chosen as it may be shown and kept: a real number masked."""
        return mask(self.text) if self.kind == PARTY else self.text


def sealed(selection: Selection, user: roles.User) -> str:
    """Return the token of a selection for a form; each is another, so that it also names one click."""
    return terms.seal(terms.Term(KIND, orjson.dumps(asdict(selection)).decode()), user)


def opened(token: str, user: roles.User) -> Selection | None:
    """Return the selection of a token, or None for a damaged one or someone else's."""
    term = terms.unseal(token, user)
    return Selection(**orjson.loads(term.text)) if term and term.kind == KIND else None


def chosen(scope: Scope, selection: Selection) -> QuerySet[Binding]:
    """Return every binding of a selection, also those that ended, without the YB that end with their AX.

    What was bound at an upstream ends there; here it is only recorded.
    """
    rows = scope.rows(Binding).exclude(step=Binding.Step.UPSTREAM)
    if selection.app_key:
        rows = rows.filter(application__app_key=selection.app_key)
    match selection.kind:
        case "binding":
            return rows.filter(pk=UUID(selection.text))
        case "party":
            return rows.filter(Q(a_number=selection.text) | Q(b_number=selection.text))
        case "number":
            return rows.filter(number__number=selection.text)
        case "application":
            return rows.filter(application__app_key=selection.text)
    raise BadInput("selection", "unknown")


def to_end(scope: Scope, selection: Selection) -> QuerySet[Binding]:
    """Return the bindings that would end now, the YB of an AX of AXYB among them."""
    now = timezone.now()
    first = chosen(scope, selection).filter(holding(now))
    parents = first.filter(kind=Binding.Kind.AXYB)
    if not parents.exists():
        return first
    every = Q(pk__in=first.values("pk")) | Q(parent__in=parents.values("pk"))
    return scope.rows(Binding).filter(every).filter(holding(now))


def order(selection: Selection, token: str, reason: str, planned: int, *, at_once: bool, request: HttpRequest) -> Job:
    """Return the job that ends a selection; the same token again is the same job. Audited with its count."""
    user: Any = request.user
    parameters = {"token": token, "what": selection.kind, "named": selection.named(), "reason": mask_in_text(reason)}
    account = account_of(for_user(user), selection)
    with transaction.atomic():
        job, new = jobs.enqueue(KIND, parameters, user, account=account, total=planned, announce=not at_once, once=True)
        if new:
            detail = {"what": selection.kind, "chosen": selection.named(), "planned": planned, "job": str(job.pk)}
            _audit("binding.end", job, selection, reason, detail, request)
    return job


def account_of(scope: Scope, selection: Selection) -> Account | None:
    """Return the account that all the chosen bindings belong to, if it is one."""
    ids = list(chosen(scope, selection).order_by().values_list("account_id", flat=True).distinct()[:2])
    return scope.rows(Account).filter(pk=ids[0]).first() if len(ids) == 1 else None


def carry_out(job: Job, watch: Callable[[int], None]) -> jobs.Result:
    """End what a claimed job chose and write what became of each. May and scope are asked again. Raises BadInput.

    A second attempt goes on where the first was stopped: what that ended stands in the file too.
    """
    user = job.requested_by
    selection = opened(job.parameters["token"], user)
    if selection is None or not roles.may(user, "bind"):
        raise BadInput("user", "may no longer end bindings", "ask someone with the permission")
    scope = for_user(user)
    ids = _ids(scope, selection, job)
    actor = bindings.Actor(name=user.get_username(), reason=job.parameters["reason"])
    counts: dict[str, int] = {}
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    try:
        for start in range(0, len(ids), CHUNK):
            for row, outcome in _ended(scope, ids[start : start + CHUNK], actor, job):
                counts[outcome] = counts.get(outcome, 0) + 1
                lines.writerow(_line(row, outcome))
            watch(min(start + CHUNK, len(ids)))
    finally:
        detail = {"what": selection.kind, "chosen": selection.named(), "of": len(ids), **counts, "job": str(job.pk)}
        _audit("binding.ended", job, selection, job.parameters["reason"], detail, None)
    return _written(job, text.getvalue(), len(ids), counts)


def _ids(scope: Scope, selection: Selection, job: Job) -> list[UUID]:
    """Return what holds now and what an earlier attempt of this job ended, an AX before its YB."""
    ours = Q(valid_to__gte=job.requested_at, ended_by=job.requested_by.get_username())
    hold = holding(timezone.now())
    first = chosen(scope, selection).filter(hold | ours)
    children = Q(parent__in=first.filter(kind=Binding.Kind.AXYB).values("pk"))
    rows = scope.rows(Binding).filter(Q(pk__in=first.values("pk")) | children).filter(hold | ours)
    return list(rows.order_by(F("parent").asc(nulls_first=True), "number_id", "pk").values_list("pk", flat=True))


def _ended(scope: Scope, ids: Sequence[UUID], actor: bindings.Actor, job: Job) -> Iterator[tuple[Binding, str]]:
    before = scope.rows(Binding).in_bulk(ids)
    bindings.end((before[pk] for pk in ids), cause=Binding.End.CONSOLE, actor=actor)
    rows = scope.rows(Binding).select_related("number").in_bulk(ids)
    for pk in ids:
        row = rows[pk]
        ours = row.ended_by == actor.name and row.valid_to is not None and row.valid_to >= job.requested_at
        yield row, "ended" if ours else "ended_otherwise"


def _line(row: Binding, outcome: str) -> list[str]:
    at = row.valid_to.isoformat() if row.valid_to else ""
    b = mask(row.b_number) if row.b_number else ""
    cells = (row.subscription_id, row.kind, row.number.number, mask(row.a_number), b, outcome, at)
    return [csv_safe(cell) for cell in cells]


def _written(job: Job, text: str, rows: int, counts: dict[str, int]) -> jobs.Result:
    content = (BOM + text).encode()
    folder, digest = job_files.folder_of(job), hashlib.sha256(content).hexdigest()
    facts = {"file": FILE, "rows": rows, **counts, "chosen": job.parameters["named"], "sha256": digest}
    for name, body in ((FILE, content), (f"{FILE}.json", orjson.dumps(facts, option=orjson.OPT_INDENT_2))):
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(body)
    return jobs.Result(f"{folder.name}/{FILE}", rows, len(content), digest)


def _audit(
    action: str, job: Job, selection: Selection, reason: str, detail: dict[str, Any], request: HttpRequest | None
) -> None:
    one = selection.kind == ONE
    audit.record(
        user=job.requested_by,
        action=action,
        subject_kind="binding" if one else "job",
        subject=selection.text if one else str(job.pk),
        account=job.account,
        reason=reason,
        detail=detail,
        request=request,
    )
