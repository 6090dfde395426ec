"""How an account stands: in good standing, low, in arrears; and the cloud audit of opening and freezing its service.

The audit's three operations and their resource type are the vendor's (pushes.md 8).
"""

from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts import audit, roles
from accounts.models import Account

RESOURCE = "privateNumber"
CREATE, FREEZE, RESUME = "createPrivateNumberService", "freezePrivateNumberService", "resumePrivateNumberService"
OPERATIONS = (CREATE, FREEZE, RESUME)
KEPT = timedelta(days=7)  # as long as the vendor's audit console shows them; the audit trail keeps them for good


def opened(account: Account, *, user: roles.User | None, request: HttpRequest | None = None) -> None:
    """Record that the service of a new account was opened; a new one in arrears is frozen at once."""
    _record(account, CREATE, user, "", request)
    if account.state == Account.State.ARREARS:
        _record(account, FREEZE, user, "", request)


def set_state(
    account: Account,
    state: str,
    *,
    user: roles.User | None,
    now: datetime,
    reason: str = "",
    request: HttpRequest | None = None,
) -> bool:
    """Set an account's state and record what that freezes or resumes; return whether it changed.

    In the caller's transaction; settlement does the same in SQL (`settle_balances`). Of two that set the same state one
    changes it and records.
    """
    if not Account.objects.filter(pk=account.pk).exclude(state=state).exists():
        return False
    before = Account.objects.select_for_update(no_key=True).get(pk=account.pk).state
    if not Account.objects.filter(pk=account.pk).exclude(state=state).update(state=state, state_since=now):
        return False
    account.state, account.state_since = state, now
    if Account.State.ARREARS in (before, state):
        _record(account, FREEZE if state == Account.State.ARREARS else RESUME, user, reason, request)
    return True


def _record(account: Account, action: str, user: roles.User | None, reason: str, request: HttpRequest | None) -> None:
    audit.record(
        user=user, action=action, subject_kind=RESOURCE, subject=account.code, account=account, reason=reason,
        request=request,
    )  # fmt: skip
