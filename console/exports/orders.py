"""An export as it is ordered, by a command, a page or a job: what, for whom, and what it needs.

An order is plain JSON, so that a job's row is all a worker needs; it never holds a real number.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts import audit
from accounts.models import Account
from accounts.roles import User, may
from accounts.scope import Scope
from billing.reports import period as periods
from billing.reports.detail import DetailReport
from billing.reports.extract import Extract
from billing.reports.hourly import HourlyReport
from billing.reports.request import ChargeRequest
from billing.reports.writers import Format, format_of
from common.errors import BadInput
from common.phone import mask_in_text
from console.exports.calls import CallDetail, CallRequest, MessageDetail
from console.models import Job

CHARGES = "charges"
CALLS = "calls"


@dataclass(frozen=True)
class Order:
    """One export. Times are texts with an offset, `account` is a code ("" = all in scope)."""

    kind: str
    start: str
    end: str
    zone: str
    format: str = "csv"
    spreadsheet: bool = False
    account: str = ""
    detail: bool = False
    settled_only: bool = False
    sms: bool = False
    unmasked: bool = False
    reason: str = ""

    def parameters(self) -> dict[str, Any]:
        """Return the order as JSON; a number typed into its reason is masked, for this is kept."""
        return {**asdict(self), "reason": mask_in_text(self.reason)}

    def file_format(self) -> Format:
        """Return the file format. Raises BadInput."""
        return format_of(self.format, spreadsheet=self.spreadsheet)

    def actions(self) -> tuple[str, ...]:
        """Return the permissions it takes (accounts.roles)."""
        if self.kind == CHARGES:
            return ("money",)
        return ("look", "raw_export") if self.unmasked else ("look",)

    def allowed(self, user: User) -> bool:
        """Return whether a user holds every permission it takes."""
        return all(may(user, action) for action in self.actions())


def from_parameters(parameters: Mapping[str, Any]) -> Order:
    """Return the order behind a job's parameters."""
    return Order(**parameters)


def extract_of(order: Order, *, scope: Scope, made_by: str, now: datetime) -> Extract:
    """Return what the order asks for, limited to the scope. Raises BadInput naming the field."""
    order.file_format()
    zone = periods.zone_name(order.zone)
    account = account_of(order, scope)
    if order.kind == CHARGES:
        charge_request = ChargeRequest(
            period=periods.whole_hours(order.start, order.end),
            zone=zone,
            made_by=made_by,
            made_at=now,
            account_id=account.pk if account else scope.account_id,
            account_code=account.code if account else "",
            settled_only=order.settled_only,
        )
        return DetailReport(charge_request) if order.detail else HourlyReport(charge_request)
    if order.unmasked and not order.reason.strip():
        raise BadInput("reason", "is missing", "say why the real numbers are needed")
    call_request = CallRequest(
        period=periods.instants(order.start, order.end),
        zone=zone,
        made_by=made_by,
        made_at=now,
        scope=Scope(account.pk) if account else scope,
        account_code=account.code if account else "",
        unmasked=order.unmasked,
        reason=mask_in_text(order.reason.strip()),
    )
    return MessageDetail(call_request) if order.sms else CallDetail(call_request)


def account_of(order: Order, scope: Scope) -> Account | None:
    """Return the one account the order is limited to: the one named, or that of a scope bound to one."""
    if order.account:
        found = scope.rows(Account).filter(code=order.account).first()
        if found is None:
            raise BadInput("account", "unknown", "give the code of an account")
        return found
    return scope.rows(Account).filter(pk=scope.account_id).first() if scope.account_id is not None else None


def record(
    order: Order,
    *,
    user: User | None,
    scope: Scope,
    facts: Mapping[str, Any],
    request: HttpRequest | None = None,
    job: Job | None = None,
) -> None:
    """Write the audit entry of a finished export: who, what filter, how many rows, masked or not, and why."""
    kept = ("file", "format", "rows", "sha256", "masking", "complete", "provisional")
    audit.record(
        user=user,
        action=f"export.{order.kind}",
        subject_kind="job" if job else "",
        subject=str(job.pk) if job else "",
        account=account_of(order, scope),
        reason=order.reason,
        detail={"order": order.parameters(), **{name: facts[name] for name in kept if name in facts}},
        request=request,
    )
