"""The audit trail: who did or looked at what, when, from where, and why. Rows are only ever added."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from accounts import roles
from accounts.addresses import client_address
from accounts.models import Account, AuditEntry
from common.phone import mask_in_text

COMMAND = "command"


def record(
    *,
    user: roles.User | None,
    action: str,
    subject_kind: str = "",
    subject: str = "",
    account: Account | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> AuditEntry:
    """Add one entry and return it; without a user it names the command line. Never put a real number into it;
    a reason, which a person types, is masked here (`common.phone.mask_in_text`).

    Written in the caller's transaction: what was undone leaves no entry, and what was done cannot lack one.
    """
    return AuditEntry.objects.create(
        user_id=user.pk if user else None,
        username=user.get_username() if user else COMMAND,
        action=action,
        subject_kind=subject_kind,
        subject=subject[:256],
        account=account,
        reason=mask_in_text(reason)[:500],
        detail=dict(detail or {}),
        address=client_address(request) if request else None,
    )
