"""The kinds of long work: how each is done and called, who may have its file, and which it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts import roles
from accounts.roles import User
from accounts.scope import Scope
from common.periods import parse_instant
from console.bindings import ending
from console.exports import work as exports
from console.exports.forms import FORMATS
from console.exports.orders import CALLS, CHARGES, from_parameters
from console.jobs import Result, Work
from console.models import Job
from console.numbers import agreeing
from console.numbers import work as numbers
from console.risk import loading as blacklists
from console.templatetags.maskline import localhour

FORMAT_LABELS = dict(FORMATS)


@dataclass(frozen=True)
class Kind:
    """One kind. `title` and `note` are shown on the jobs page; `allowed`: may this person have the file."""

    work: Work
    title: Callable[[Job], Any]
    note: Callable[[Job], Any]
    allowed: Callable[[User, Job], bool]
    media_type: Callable[[Job], str]
    real_numbers: Callable[[Job], bool] = lambda job: False


def kind_of(job: Job) -> Kind:
    """Return the kind of a job. Raises KeyError for one that is not known (any more)."""
    return KINDS[job.kind]


def carry_out(job: Job, watch: Callable[[int], None]) -> Result:
    """Do a claimed job, whatever its kind."""
    return kind_of(job).work(job, watch)


def may_fetch(user: User, scope: Scope, job: Job) -> bool:
    """Return whether a user may have a job's file: he asked for it, or is finance or operator, and may have such."""
    staff = roles.roles_of(user) & {roles.FINANCE, roles.OPERATOR} and scope.sees(job.account_id)
    return bool(job.requested_by_id == user.pk or staff) and kind_of(job).allowed(user, job)


def _export_title(job: Job) -> str:
    order = from_parameters(job.parameters)
    if order.kind == CHARGES:
        return _("Every charge line") if order.detail else _("Charges per hour")
    return _("SMS detail") if order.sms else _("Call detail")


def _export_note(job: Job) -> str:
    order = from_parameters(job.parameters)
    label = FORMAT_LABELS.get("spreadsheet" if order.spreadsheet else order.format, order.format)
    period = [localhour(parse_instant(at)) for at in (order.start, order.end)]
    return format_html("{} – {}, {}", *period, label)


EXPORT = Kind(
    work=exports.carry_out,
    title=_export_title,
    note=_export_note,
    allowed=lambda user, job: from_parameters(job.parameters).allowed(user),
    media_type=lambda job: from_parameters(job.parameters).file_format().media_type,
    real_numbers=lambda job: from_parameters(job.parameters).unmasked,
)
END_BINDINGS = Kind(
    work=ending.carry_out,
    title=lambda job: _("Bindings ended: %(named)s") % {"named": job.parameters["named"]},
    note=lambda job: job.parameters["reason"],
    allowed=lambda user, job: roles.may(user, "bind"),
    media_type=lambda job: "text/csv; charset=utf-8",
)
NUMBERS = Kind(
    work=numbers.do,
    title=numbers.title,
    note=numbers.note,
    allowed=lambda user, job: roles.may(user, "operate"),
    media_type=lambda job: "text/csv; charset=utf-8",
)
TRANSFER = Kind(
    work=agreeing.do,
    title=agreeing.title,
    note=lambda job: job.parameters["reason"],
    allowed=lambda user, job: roles.may(user, "approve") or roles.may(user, "operate"),
    media_type=lambda job: "text/csv; charset=utf-8",
)
BLACKLIST = Kind(
    work=blacklists.do,
    title=blacklists.title,
    note=blacklists.note,
    allowed=lambda user, job: roles.may(user, "operate"),
    media_type=lambda job: "text/csv; charset=utf-8",
)
# What stands in Job.kind. A new kind of long work is one more line.
KINDS = {
    CHARGES: EXPORT,
    CALLS: EXPORT,
    numbers.KIND: NUMBERS,
    ending.KIND: END_BINDINGS,
    agreeing.KIND: TRANSFER,
    blacklists.KIND: BLACKLIST,
}
